import type { Context } from 'aws-lambda';
import {
  type Config,
  type NotifyConfig,
  type ScanConfig,
  toEnvironment,
  toNotifyEnvironment,
  toScanEnvironment,
} from '../../lambda/config.ts';
import { ACCOUNT, REGION } from './builders.ts';
import { CONFIG, SCAN_CONFIG } from './config.ts';
import { queueRecords } from './events.ts';
import type { OutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { type Call, CREDENTIALS, type Loopback, startLoopback } from './loopback.ts';

/** A JSON line of the function's output. */
export type Line = Readonly<Record<string, unknown>>;

/** The result of an invocation. */
export interface Invocation {
  readonly result?: unknown;
  readonly error?: Error;
  /** Log lines without metric lines. */
  readonly log: readonly Line[];
  /** The sum of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Metric lines as they were written. */
  readonly metricLines: readonly Line[];
}

/** The exported handler, loaded with an environment, against a loopback AWS. */
export interface LambdaFunction {
  /** @param remaining milliseconds until the timeout; default 30,000. */
  invoke(event: unknown, remaining?: number): Promise<Invocation>;
  restoreEnvironment(): void;
}

/** A batch of a queue, with messages m1, m2, … A string is a body as it is. */
export const batchOf = (...contents: readonly unknown[]) => ({
  Records: queueRecords(...contents).map(({ messageId, body, receiveCount }) => ({
    messageId,
    receiptHandle: 'handle',
    body,
    attributes: { ApproximateReceiveCount: String(receiveCount) },
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:work`,
  })),
});

/** The response to a batch of which these messages are delivered again. */
export const unfinished = (...ids: readonly string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

/** The data of the events about outcomes in calls of PutEvents. */
export const detailsIn = (calls: readonly Call[]): OutcomeDetail[] =>
  calls
    .filter(({ action }) => action === 'PutEvents')
    .flatMap(({ parameters }) => parameters.Entries as { readonly Detail: string }[])
    .map(({ Detail }) => JSON.parse(Detail) as OutcomeDetail);

/** Environment variables that point the SDK to a loopback AWS. */
const sdkEnvironment = (aws: Loopback) => ({ ...CREDENTIALS, AWS_REGION: REGION, AWS_ENDPOINT_URL: aws.url });

const configOf = (aws: Loopback): Config => ({
  ...CONFIG,
  workQueueUrl: `${aws.url}/${ACCOUNT}/work`,
  checkQueueUrl: `${aws.url}/${ACCOUNT}/checks`,
});

/** The function of events and the work queue. */
export async function loadFunction(aws: Loopback, config: Partial<Config> = {}): Promise<LambdaFunction> {
  const before = { ...process.env };
  Object.assign(process.env, sdkEnvironment(aws), toEnvironment({ ...configOf(aws), ...config }));
  const { handler } = await import('../../lambda/handlers/enforce.ts');
  return asLambda(handler, before);
}

/** The scan function. */
export async function loadScan(aws: Loopback, config: Partial<ScanConfig> = {}): Promise<LambdaFunction> {
  const before = { ...process.env };
  const scanConfig: ScanConfig = {
    ...SCAN_CONFIG,
    ...configOf(aws),
    scanQueueUrl: `${aws.url}/${ACCOUNT}/scan.fifo`,
    deadLetterQueueUrl: `${aws.url}/${ACCOUNT}/dead`,
    ...config,
  };
  Object.assign(process.env, sdkEnvironment(aws), toScanEnvironment(scanConfig));
  const { handler } = await import('../../lambda/handlers/scan.ts');
  return asLambda(handler, before);
}

/** The notifier. */
export async function loadNotifier(aws: Loopback, config: Partial<NotifyConfig> = {}): Promise<LambdaFunction> {
  const before = { ...process.env };
  const notifyConfig: NotifyConfig = {
    maxExemptionDays: 90,
    alertSummaryMinutes: 15,
    outcomesTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:outcomes`,
    chatTopicArns: [],
    summaryQueueUrl: `${aws.url}/${ACCOUNT}/summary`,
    ...config,
  };
  Object.assign(process.env, sdkEnvironment(aws), toNotifyEnvironment(notifyConfig));
  const { handler } = await import('../../lambda/handlers/notify.ts');
  return asLambda(handler, before);
}

/** Any handler, with any event type. */
type Handler = (event: never, context: Context) => unknown;

function asLambda(handler: Handler, before: NodeJS.ProcessEnv): LambdaFunction {
  return {
    invoke: async (event, remaining = 30_000) => {
      const ends = Date.now() + remaining;
      const context = {
        functionName: 'enforce',
        functionVersion: '$LATEST',
        memoryLimitInMB: '256',
        invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:enforce`,
        awsRequestId: '6d1f0a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b',
        getRemainingTimeInMillis: () => ends - Date.now(),
      } as Context;
      const lines = listen();
      const ended = await Promise.resolve(handler(event as never, context)).then(
        (result: unknown) => ({ result }),
        (error: unknown) => ({ error: error as Error }),
      );
      const written = lines.stop();
      const metricLines = written.filter((line) => '_aws' in line);
      return {
        ...ended,
        log: written.filter((line) => !('_aws' in line)),
        metrics: sums(metricLines),
        metricLines,
      };
    },
    restoreEnvironment: () => {
      process.env = before;
    },
  };
}

/** One warm function for all tests of a file, and its loopback AWS, which is reset before each test. */
export function functionOnLoopback(): { readonly aws: Loopback; readonly fn: LambdaFunction } {
  let aws: Loopback;
  let fn: LambdaFunction;
  beforeAll(async () => {
    aws = await startLoopback();
    fn = await loadFunction(aws);
  });
  beforeEach(() => aws.reset());
  afterAll(async () => {
    fn.restoreEnvironment();
    await aws.close();
  });
  return { aws: later(() => aws), fn: later(() => fn) };
}

/** A proxy of an object that exists only from the first test on. */
const later = <T extends object>(made: () => T): T =>
  new Proxy({} as T, { get: (_, name) => Reflect.get(made(), name) as unknown });

/** Captures standard output and error until it is stopped. */
function listen(): { stop(): Line[] } {
  const texts: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      texts.push(String(text));
      return true;
    }),
  );
  return {
    stop: () => {
      for (const spy of spies) spy.mockRestore();
      return texts
        .join('')
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text) as Line);
    },
  };
}

/** The sum of each metric over lines in CloudWatch's embedded metric format. */
function sums(lines: readonly Line[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const line of lines) {
    const { CloudWatchMetrics } = line._aws as { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
    for (const { Name } of CloudWatchMetrics.flatMap(({ Metrics }) => Metrics)) {
      const values = [line[Name]].flat() as number[];
      totals[Name] = values.reduce((total, value) => total + value, totals[Name] ?? 0);
    }
  }
  return totals;
}
