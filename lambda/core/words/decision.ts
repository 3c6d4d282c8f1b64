import type { Decision } from '../decide.ts';
import type { ReviewReason, SkipReason } from '../reason.ts';
import { clean } from '../text.ts';

/** A decision with its reason, without details of the instance. */
export type DecisionName = 'remediate' | 'exempt' | `skip: ${SkipReason}` | `needs-review: ${ReviewReason}`;

/** The name of a decision. */
export function decisionName(decision: Decision): DecisionName {
  switch (decision.kind) {
    case 'skip':
      return `skip: ${decision.reason}`;
    case 'needs-review':
      return `needs-review: ${decision.problem}`;
    case 'exempt':
    case 'remediate':
      return decision.kind;
  }
}

/** A decision as text, with details of the instance. */
export function decisionNote(decision: Decision): string {
  const name = decisionName(decision);
  if (decision.kind === 'exempt') {
    const { until, grantReason } = decision;
    return `${name} until ${until}${grantReason ? ` (${clean(grantReason)})` : ''}`;
  }
  const value = decision.kind === 'needs-review' ? decision.value : undefined;
  return value === undefined ? name : `${name} ${JSON.stringify(clean(value))}`;
}
