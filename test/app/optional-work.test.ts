import { DEPLOYED, deliveryOf } from '../../bench/events/deployed.ts';
import { play, type Scenario } from '../../bench/events/run.ts';

const launch = { region: 'us-east-1', count: 1, omitted: false, hiddenMs: 0 };

/** Single launches, a launch of 60 among the checks of the first ones, and launches while those are repeated. */
const launches = [
  ...Array.from({ length: 100 }, (_, index) => ({ ...launch, atMs: index * 12_000 })),
  { ...launch, count: 60, atMs: 1_000_000 },
];

/** The seconds to remediate each instance, as the functions are deployed, on a virtual clock; and the warnings. */
async function secondsWith(checks: Scenario['checks']) {
  const { instances, counters } = await play({ name: 'optional', launches, checks }, deliveryOf(DEPLOYED));
  const seconds = instances.map(({ launchedAt, remediatedAt = Infinity }) => (remediatedAt - launchedAt) / 1000);
  return { seconds: seconds.sort((one, other) => one - other), warnings: [...counters.warnings.keys()] };
}

it.each([
  ['SQS accepts no post-change check', { refused: true }, 'post-change checks could not be scheduled'],
  ['CloudWatch is down for the checks', { unmeasured: true }, 'the post-change check failed and will be retried'],
])('remediation takes at most 2 s longer while %s', async (_, failing, warning) => {
  const undisturbed = await secondsWith({});
  const disturbed = await secondsWith(failing);

  expect(undisturbed.warnings).toEqual([]);
  expect(disturbed.warnings).toEqual([warning]);
  expect(disturbed.seconds).toHaveLength(160);
  disturbed.seconds.forEach((seconds, index) => expect(seconds).toBeLessThan((undisturbed.seconds[index] ?? 0) + 2));
});
