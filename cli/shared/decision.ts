import type { Decision, ReviewReason, SkipReason } from '../../lambda/core/decide.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanTexts } from '../audit/row.ts';

/** What becomes of an instance, without the details that differ from one to the next. */
export type DecisionName = 'require tokens' | `leave alone: ${SkipReason | 'exempt'}` | `hold: ${ReviewReason}`;

/** The name of a decision. */
export function decisionName(decision: Decision): DecisionName {
  switch (decision.kind) {
    case 'remediate':
      return 'require tokens';
    case 'skip':
      return `leave alone: ${decision.reason}`;
    case 'exempt':
      return 'leave alone: exempt';
    case 'needs-review':
      return `hold: ${decision.problem}`;
  }
}

/** A decision in a few words, with its details. */
export function decisionNote(decision: Decision): string {
  const name = decisionName(decision);
  if (decision.kind === 'exempt') {
    const { until, grantReason } = decision;
    return `${name} until ${until}${grantReason ? ` (${clean(grantReason)})` : ''}`;
  }
  const value = decision.kind === 'needs-review' ? decision.value : undefined;
  return value === undefined ? name : `${name} ${JSON.stringify(clean(value))}`;
}

/** A decision as JSON, with every stranger's text in it cleaned. */
export const decisionJson = (decision: Decision): object => cleanTexts(decision);
