import type { Context } from 'aws-lambda';
import { type Config, toEnvironment } from '../../lambda/config.ts';
import { ACCOUNT, REGION } from './builders.ts';
import { CREDENTIALS, type Loopback } from './loopback.ts';

/** A line that the function wrote. */
export type Line = Readonly<Record<string, unknown>>;

/** What an invocation did. */
export interface Invocation {
  readonly result?: unknown;
  readonly error?: Error;
  /** Lines of the log, without those of metrics. */
  readonly log: readonly Line[];
  /** What the metrics add up to. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines of metrics as they were written. */
  readonly metricLines: readonly Line[];
}

/** The function as Lambda runs it: the exported handler, loaded with an environment, against a loopback AWS. */
export interface LambdaFunction {
  /** Invokes it with 120 seconds left, or fewer. */
  invoke(event: unknown, remaining?: number): Promise<Invocation>;
  restoreEnvironment(): void;
}

/** The environment of the function, for an `AWS` on loopback. */
const environment = (aws: Loopback, config: Partial<Config> = {}): Record<string, string> => ({
  ...CREDENTIALS,
  AWS_REGION: REGION,
  AWS_ENDPOINT_URL: aws.url,
  ...toEnvironment({
    mode: 'enforce',
    existing: 'audit',
    trail: true,
    exemptionHorizonDays: 90,
    outcomesTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:outcomes`,
    workQueueUrl: `${aws.url}/${ACCOUNT}/work`,
    ...config,
  }),
});

export async function loadFunction(aws: Loopback, config: Partial<Config> = {}): Promise<LambdaFunction> {
  const before = { ...process.env };
  Object.assign(process.env, environment(aws, config));
  const { handler } = await import('../../lambda/handlers/enforce.ts');
  return {
    invoke: async (event, remaining = 120_000) => {
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
      const ended = await Promise.resolve(handler(event, context)).then(
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

/** Takes what is written to standard output and error, as Lambda does, until it is stopped. */
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
