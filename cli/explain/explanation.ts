import { type RowName, ROWS, type Ruling, rulingOn } from '../../lambda/core/decide.ts';
import { readExemption } from '../../lambda/core/exemption.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from '../../lambda/core/instance.ts';
import { clean } from '../../lambda/core/text.ts';
import { exemptionNote } from '../../lambda/core/words/compliance.ts';
import { decisionNote } from '../../lambda/core/words/decision.ts';
import { iso } from '../../lambda/core/words/format.ts';
import { command } from '../../lambda/triggers/command.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { cleanTexts } from '../audit/row.ts';
import { type Facts, isUnread } from './read.ts';

/** The decision for each trigger, as of an event without details; a change of options asks for optional tokens. */
export function rulings({ snapshot, policy, usage, at }: Facts): ReadonlyMap<string, Ruling> {
  const measured = isUnread(usage) ? undefined : usage;
  return new Map(
    ALL_TRIGGERS.map((trigger) => {
      const recorded = { requested: 'optional-tokens' } as const;
      const context = { trigger, eventId: '', occurredAt: at, usage: measured, recorded };
      // The command line has a policy of its own.
      const given = trigger === command ? { ...policy, existing: 'enforce-when-unused' as const } : policy;
      return [trigger.name, rulingOn(snapshot, context, given, at)];
    }),
  );
}

/** A row of the decision table as it applies to an instance. */
export type ExplainedRow = ReturnType<typeof explain>[number];

/** The decision table, row by row. */
export function explain(facts: Facts) {
  const all = [...rulings(facts)];
  const last = Math.max(...all.map(([, { row }]) => row.number));
  return ROWS.map((row) => {
    const decided = all.filter(([, ruling]) => ruling.row.number === row.number);
    const byDecision = groupBy(decided, ([, { decision }]) => decisionNote(decision));
    return {
      row,
      /** Whether any trigger gets as far as this row. */
      reached: row.number <= last,
      observed: OBSERVED[row.name](facts),
      /** The triggers that this row decides, by decision. */
      decides: new Map([...byDecision].map(([note, group]) => [note, group.map(([trigger]) => trigger)])),
    };
  });
}

/** The values of an instance that each row of the decision table tests. */
const OBSERVED: Readonly<Record<RowName, (facts: Facts) => string>> = {
  terminated: ({ snapshot: { state } }) => (state === '' ? 'state unknown' : `state ${clean(state)}`),
  'aws-managed': ({ snapshot }) =>
    snapshot.awsManaged ? 'managed by an AWS service' : 'not managed by an AWS service',
  unreadable: ({ snapshot: { options } }) => `${option(options, 'HttpTokens')}, ${option(options, 'HttpEndpoint')}`,
  'imds-off': ({ snapshot: { options } }) => option(options, 'HttpEndpoint'),
  'tokens-required': ({ snapshot: { options } }) => option(options, 'HttpTokens'),
  exemption: exemptionLine,
  existing: ({ snapshot, policy: { existing, enforceSince } }) =>
    `${age(snapshot)}; existing=${existing}${enforceSince === undefined ? '' : `, enforceSince=${enforceSince}`}`,
  launches: ({ policy: { launches = 'enforce' } }) => `launches=${launches}`,
  otherwise: () => 'IMDSv1 is enabled, and no row above applies',
};

/** A metadata option with its value. */
export function option(options: MetadataOptions, name: keyof MetadataOptions): string {
  return `${name} ${clean(String(options[name] ?? 'unknown'))}`;
}

/** The exemption tag as of now. */
export function exemptionLine({ snapshot, policy, at }: Facts): string {
  return exemptionNote(cleanTexts(readExemption(snapshot.tags, at, policy.maxExemptionDays))) || 'no exemption tag';
}

function age(snapshot: Snapshot): string {
  const { firstLaunch, launchTime } = snapshot;
  if (firstLaunch === undefined || launchTime === undefined) return 'age unknown';
  return isFirstLaunch(snapshot, launchTime)
    ? `launched ${iso(firstLaunch)}, not restarted since`
    : `first launched ${iso(firstLaunch)}, last started ${iso(launchTime)}`;
}
