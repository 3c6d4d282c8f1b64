import { METRICS } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import type { MetricValue } from '../../sandbox/aws/lambda/logs.ts';
import { buildProduct } from '../../sandbox/product.ts';
import type { AuditJson } from '../support/audit.ts';
import { enterAws, imdsv2, leaveAws } from '../support/cli.ts';
import { BRISK, ec2Of, launch, sandboxOf, stopAll } from '../sandbox/support.ts';

afterEach(stopAll);

// Building and synthesizing is slow on a busy machine.
jest.setTimeout(120_000);

const [HOME, OTHER] = ['us-east-1', 'eu-west-1'];
/** A region of the account that is not monitored. */
const NOT_MONITORED = 'ap-southeast-2';

test('events that are not forwarded stay in their region and trigger an alarm in the home region', async () => {
  const built = await buildProduct({
    alertEmail: ['a@example.com'],
    operationsEmail: ['b@example.com'],
    regions: [HOME, OTHER],
  });
  const sandbox = await sandboxOf({
    ...built,
    timeScale: BRISK,
    regions: [HOME, OTHER, NOT_MONITORED],
    prewarm: 1,
    schedules: false,
    faults: { undeliverable: ({ targetArn }) => (targetArn.includes(':event-bus/') ? 'never' : undefined) },
  });
  const [, forwarder] = sandbox.deployments;
  const undelivered = forwarder?.queue('DeadLetterQueue');
  /** The values of the metric so far. */
  const healthFindings = () =>
    sandbox.metrics().flatMap(({ name, value }) => (name === METRICS.names.healthFindings ? [value] : []));
  for (const topic of sandbox.topics.all()) sandbox.topics.confirm(topic);

  sandbox.bus.fire('Health');
  await sandbox.idle();
  const [before = 0, ...more] = healthFindings();
  expect(more).toEqual([]);

  const [id = ''] = await launch(ec2Of(sandbox, { region: OTHER }), { MetadataOptions: { HttpTokens: 'optional' } });
  await sandbox.idle();
  expect(undelivered?.name).toBe('imdsv2-enforcer-forwarder-dead-letter-queue');
  expect(undelivered?.messages().map(({ body }) => (JSON.parse(body) as { region: string }).region)).toEqual([
    OTHER,
    OTHER,
  ]);
  expect(sandbox.queue('DeadLetterQueue').size).toBe(0);
  expect(sandbox.fleet(OTHER).get(id)?.options.HttpTokens).toBe('optional');

  enterAws(sandbox);
  const { exitCode, out } = await imdsv2(['doctor', '--no-ping', '--json']);
  const audit = await imdsv2(['audit', '--regions', 'all', '--json']);
  leaveAws();
  const { regions } = JSON.parse(audit.out.join('\n')) as AuditJson;
  expect(regions.map(({ region, notMonitored }) => [region, notMonitored])).toEqual([
    [NOT_MONITORED, TRIGGERS.map(({ name }) => name)],
    [OTHER, undefined],
    [HOME, undefined],
  ]);
  const { results } = JSON.parse(out.join('\n')) as { results: { check: string; level: string; text: string }[] };
  expect(results.filter(({ check }) => [OTHER, 'rules'].includes(check))).toMatchObject([
    { check: 'rules', level: 'ok', text: '20 enabled, each with its pattern or schedule and its target' },
    {
      check: OTHER,
      level: 'fail',
      loss: 'dead-letter-messages',
      text: `2 events of ${OTHER} did not reach the home Region`,
    },
  ]);
  expect(exitCode).toBe(2);

  await sandbox.clock.sleep(6 * 60_000); // after the deduplication interval of the queue
  sandbox.bus.fire('Health');
  await sandbox.idle();
  expect(healthFindings()).toEqual([before, before + 1]);
  const alarm = alarmOn(METRICS.names.healthFindings, built);
  expect(alarm.ComparisonOperator).toBe('GreaterThanOrEqualToThreshold');
  const values = sandbox.metrics().filter((metric) => isOf(metric, alarm));
  expect(values.map(({ value }) => value >= alarm.Threshold)).toEqual([false, true]);
});

interface Alarm {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Threshold: number;
  readonly ComparisonOperator: string;
}

/** The alarm on a metric in the home stack. */
function alarmOn(name: string, { stacks = [] }: Awaited<ReturnType<typeof buildProduct>>): Alarm {
  const [home] = stacks;
  const alarms = Object.values(home?.template.Resources ?? {})
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties as unknown as Alarm);
  const [alarm, ...others] = alarms.filter(({ MetricName }) => MetricName === name);
  if (alarm === undefined || others.length > 0) throw new Error(`${others.length} more alarms, or none, check ${name}`);
  return alarm;
}

/** Whether an alarm evaluates a value: its namespace, name and all dimensions must be equal. */
const isOf = ({ namespace, name, dimensions }: MetricValue, { Namespace, MetricName, Dimensions }: Alarm): boolean =>
  namespace === Namespace &&
  name === MetricName &&
  JSON.stringify(dimensions) === JSON.stringify(Object.fromEntries(Dimensions.map((each) => [each.Name, each.Value])));
