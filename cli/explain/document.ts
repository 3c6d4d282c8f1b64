import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanTexts } from '../audit/row.ts';
import { decisionJson } from '../shared/decision.ts';
import { explain, type Facts, isUnread, refusesCalls, rulings } from './explanation.ts';
import { readExemption } from '../../lambda/core/exemption.ts';

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
const EXPLAIN_SCHEMA = 'imdsv2-enforcer.explain/v1';

/** The JSON document of `imdsv2 explain --json`. What strangers wrote is cleaned. */
export function documentOf(facts: Facts): object {
  const { region, snapshot, defaults, usage, policy, at } = facts;
  const { instanceId, state, options, awsManaged, launchTime, firstLaunch, tags } = snapshot;
  const name = tags.get('Name');
  return {
    schema: EXPLAIN_SCHEMA,
    at,
    region,
    instanceId,
    name: name === undefined ? undefined : clean(name),
    state: clean(state),
    awsManaged,
    options: cleanTexts(options),
    launchTime,
    firstLaunch,
    launchSource: cleanTexts(launchSourceOf(tags)),
    exemption: cleanTexts(readExemption(tags, at, policy.maxExemptionDays)),
    defaults: isUnread(defaults) ? { error: defaults.problem } : cleanTexts(defaults),
    // Two metrics: while tokens are required, calls without one are refused and counted elsewhere.
    [refusesCalls(snapshot) ? 'refused' : 'usage']: isUnread(usage) ? { error: usage.problem } : usage,
    policy,
    rows: explain(facts).map(({ row, reached, here }) => ({ ...row, reached, here })),
    decisions: Object.fromEntries(
      [...rulings(facts)].map(([trigger, { row, decision }]) => [
        trigger,
        { row: row.number, ...decisionJson(decision) },
      ]),
    ),
  };
}
