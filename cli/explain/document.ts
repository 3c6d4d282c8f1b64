import { readExemption } from '../../lambda/core/exemption.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanName, cleanTexts } from '../audit/row.ts';
import { toCallersDocument } from '../callers/document.ts';
import { explain, rulings } from './explanation.ts';
import { countsRejectedCalls, type Facts, isUnread } from './read.ts';

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
const EXPLAIN_SCHEMA = 'imdsv2-enforcer.explain/v1';

/** The JSON document of `imdsv2 explain --json`. Untrusted text in it is sanitized. */
export function documentOf(facts: Facts): object {
  const { region, snapshot, defaults, usage, policy, at } = facts;
  const { instanceId, state, options, awsManaged, launchTime, firstLaunch, tags } = snapshot;
  return {
    schema: EXPLAIN_SCHEMA,
    at,
    region,
    instanceId,
    name: cleanName(tags),
    state: clean(state),
    awsManaged,
    options: cleanTexts(options),
    launchTime,
    firstLaunch,
    launchSource: cleanTexts(launchSourceOf(tags)),
    exemption: cleanTexts(readExemption(tags, at, policy.maxExemptionDays)),
    defaults: isUnread(defaults) ? { error: defaults.problem } : cleanTexts(defaults),
    // Two metrics: while IMDSv2 is required, MetadataNoTokenRejected counts calls without a token.
    [countsRejectedCalls(snapshot) ? 'rejected' : 'usage']: isUnread(usage) ? { error: usage.problem } : usage,
    callers: toCallersDocument(facts.callers),
    policy,
    rows: explain(facts).map(({ row, reached, observed }) => ({ ...row, reached, observed })),
    decisions: Object.fromEntries(
      [...rulings(facts)].map(([trigger, { row, decision }]) => [
        trigger,
        { row: row.number, ...cleanTexts(decision) },
      ]),
    ),
  };
}
