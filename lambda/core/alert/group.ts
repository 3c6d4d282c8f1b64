import { SEVERITIES, type Severity } from '../../contract.ts';
import { groupBy } from '../group-by.ts';
import { type LaunchSourceGroup, launchSourceGroupOf } from '../launch-source-group.ts';
import type { OutcomeDetail } from '../outcome-detail.ts';

/** The outcomes of one instance that an alert states once. */
export interface Occurrence {
  readonly latest: OutcomeDetail;
  /** All of them, oldest first. */
  readonly details: readonly OutcomeDetail[];
}

/** Outcomes of one launch source that an alert states in one block: the same happened to all instances. */
export interface Block {
  readonly launchSource: LaunchSourceGroup;
  readonly severity: Severity;
  readonly occurrences: readonly Occurrence[];
  /** All outcomes, oldest first. */
  readonly details: readonly OutcomeDetail[];
}

/** The outcomes of one account and region, highest severity first. */
export interface Alert {
  readonly account: string;
  readonly region: string;
  readonly severity: Severity;
  readonly blocks: readonly Block[];
}

/** Groups outcomes by account and region, and these by launch source and by what happened. */
export function groupOutcomes(details: readonly OutcomeDetail[]): Alert[] {
  const byPlace = groupBy(distinct(details), ({ account, region }) => `${account} ${region}`);
  return [...byPlace.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { account, region } = first;
    return [{ account, region, severity: worst(group), blocks: blocksOf(group) }];
  });
}

/** The highest severity; `INFORMATIONAL` if there are none. */
export function worst(items: readonly { readonly severity: Severity }[]): Severity {
  const severities = new Set(items.map(({ severity }) => severity));
  return SEVERITIES.findLast((severity) => severities.has(severity)) ?? 'INFORMATIONAL';
}

function blocksOf(details: readonly OutcomeDetail[]): Block[] {
  const groups = groupBy(details, ({ launchSource, status, reason, trigger }) =>
    JSON.stringify([launchSourceGroupOf(launchSource).key, status, reason, trigger]),
  );
  const blocks = [...groups.values()].map((group): Block => {
    const byInstance = groupBy(group, ({ instanceId }) => instanceId);
    return {
      launchSource: launchSourceGroupOf(group[0]?.launchSource ?? {}),
      severity: worst(group),
      occurrences: [...byInstance.values()].flatMap((all) => {
        const latest = all.at(-1);
        return latest === undefined ? [] : [{ latest, details: all }];
      }),
      details: group,
    };
  });
  const rank = ({ severity }: Block) => SEVERITIES.indexOf(severity);
  return blocks.sort((a, b) => rank(b) - rank(a));
}

/**
 * Removes repetitions: EventBridge and SQS deliver at least once, and a retry of an invocation that ended between a change and its
 * event finds the instance already remediated.
 */
function distinct(details: readonly OutcomeDetail[]): OutcomeDetail[] {
  const idOf = ({ account, region, instanceId, eventId }: OutcomeDetail) =>
    [account, region, instanceId, eventId].join(' ');
  const remediated = new Set(details.filter(({ status }) => status === 'remediated').map(idOf));
  const byId = new Map<string, OutcomeDetail>();
  for (const detail of details) {
    if (detail.status === 'already-remediated' && remediated.has(idOf(detail))) continue;
    const id = `${idOf(detail)} ${detail.status} ${detail.reason}`;
    if (!byId.has(id)) byId.set(id, detail);
  }
  return [...byId.values()].sort((a, b) => a.occurredAt.localeCompare(b.occurredAt));
}
