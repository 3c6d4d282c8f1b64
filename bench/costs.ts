/**
 * What a million launches cost: the calls that the deployed functions make on the local AWS, at list prices of
 * us-east-1.
 *
 *     npm run bench:costs
 *
 * The duration of an invocation on the local AWS depends on the machine, so 120 ms are assumed for each call that it
 * makes. Receives and deletes of the event source mappings are derived from the batches: ten messages a call.
 */
import Table from 'cli-table3';
import { RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { EC2Client } from '@aws-sdk/client-ec2';
import { list, text } from '../sandbox/aws/wire/params.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { buildProduct } from '../sandbox/product.ts';

/** Dollars. */
const PRICES = {
  invocation: 0.2 / 1e6,
  gbSecond: 0.0000133334,
  sqsRequest: 0.4 / 1e6,
  publish: 0.5 / 1e6,
  email: 2 / 1e5,
  event: 1 / 1e6,
  logGigabyte: 0.5,
  metricAsked: 0.01 / 1000,
};
const CALL_SECONDS = 0.12;
const SQS_BATCH = 10;
const PER = 1e6;

/** Launches of one instance each. */
interface Launches {
  readonly name: string;
  readonly count: number;
  /** Simulated milliseconds between two launches. */
  readonly apart: number;
  readonly options: RunInstancesCommandInput['MetadataOptions'];
}

const CASES: readonly Launches[] = [
  { name: 'non-compliant, one by one', count: 40, apart: 10_000, options: { HttpTokens: 'optional' } },
  { name: 'non-compliant, at once', count: 90, apart: 0, options: { HttpTokens: 'optional' } },
  { name: 'compliant, one by one', count: 40, apart: 10_000, options: { HttpTokens: 'required' } },
];

/** Every alert is sent at once: summaries need fewer. */
const product = await buildProduct({ mode: 'enforce', alertEmail: ['security@example.com'], alertSummaryMinutes: 0 });
const columns: Record<string, number>[] = [];
for (const launches of CASES) columns.push(await play(launches));
const table = new Table({
  head: ['dollars for a million launches', ...CASES.map(({ name }) => name)],
  colAligns: ['left', ...CASES.map(() => 'right' as const)],
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
});
for (const item of Object.keys(columns[0] ?? {}))
  table.push([item, ...columns.map((of) => (of[item] ?? 0).toFixed(2))]);
table.push([
  'all',
  ...columns.map((of) =>
    Object.values(of)
      .reduce((sum, dollars) => sum + dollars, 0)
      .toFixed(2),
  ),
]);
console.log(table.toString());

async function play({ count, apart, options }: Launches): Promise<Record<string, number>> {
  const limits = { RunInstances: { capacity: count, refill: 100 } };
  const clock = { timeScale: 20, pauseWhenOverloaded: true };
  const sandbox = await startSandbox({ ...product, ...clock, prewarm: 4, schedules: false, limits });
  const ec2 = new EC2Client(sandbox.client());
  try {
    sandbox.clock.skipIdleTime();
    const launch = async (index: number) => {
      await sandbox.clock.sleep(index * apart);
      const input = { ImageId: 'ami-0aa11bb22cc33dd44', MinCount: 1, MaxCount: 1, MetadataOptions: options };
      await sandbox.work('launch', () => ec2.send(new RunInstancesCommand(input)));
    };
    await sandbox.work('launches', () => Promise.all(Array.from({ length: count }, (_, index) => launch(index))));
    await sandbox.idle(200_000);
    return dollars(sandbox, PER / count);
  } finally {
    ec2.destroy();
    await sandbox.stop();
  }
}

/** The costs of what happened, times a factor. */
function dollars(sandbox: Sandbox, factor: number): Record<string, number> {
  const { invocations, deliveries, calls, logLines } = sandbox;
  const made = calls.all().filter(({ invocation }) => invocation !== undefined);
  const sent = made.filter(({ service }) => service === 'sqs').length + deliveries.length;
  const batches = invocations.map(({ payload }) => Math.ceil(list(payload, 'Records').length / SQS_BATCH));
  // Each is received and deleted.
  const polled = 2 * batches.reduce((sum, requests) => sum + requests, 0);
  const metrics = made.reduce((sum, { params }) => sum + list(params, 'MetricDataQueries').length, 0);
  const gbSeconds = invocations.reduce((sum, { calls: count }) => sum + count * CALL_SECONDS * 0.25, 0);
  const bytes = logLines.reduce((sum, line) => sum + Buffer.byteLength(text(line, 'text') ?? ''), 0);
  const events = made.reduce(
    (sum, { action, params }) => sum + (action === 'PutEvents' ? list(params, 'Entries').length : 0),
    0,
  );
  const published = sandbox.topic('Outcomes').messages.length;
  const items = {
    Lambda: invocations.length * PRICES.invocation + gbSeconds * PRICES.gbSecond,
    SQS: (sent + polled) * PRICES.sqsRequest,
    'EventBridge, outcomes': events * PRICES.event,
    'SNS, without e-mail': published * PRICES.publish,
    logs: (bytes / 1e9) * PRICES.logGigabyte,
    'CloudWatch GetMetricData': metrics * PRICES.metricAsked,
    'e-mail to one address': published * PRICES.email,
  };
  return Object.fromEntries(Object.entries(items).map(([item, price]) => [item, price * factor]));
}
