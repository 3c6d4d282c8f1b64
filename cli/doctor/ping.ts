import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import { listInstances } from '../../lambda/app/list-instances.ts';
import { PING } from '../../lambda/contract.ts';
import { isObject, text } from '../../lambda/triggers/json.ts';
import type { Aws } from '../shared/aws.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { type ClientConfig, type Deployment, functionArn } from './deployment.ts';
import type { CheckResult } from './check-result.ts';
import { judgeAnswer } from './ping-answer.ts';

export interface PingOptions {
  /** What to try on. @default some instance that is there */
  readonly instanceId?: string;
  /** Seconds to wait for an answer. */
  readonly timeout: number;
}

const check = 'ping';

/** How often the log is looked at. */
const PAUSE = 2_000;

/** Whoever's clock is wrong by less than this still finds the answer. */
const SKEW = 5 * 60_000;

/**
 * Sends a ping through the bus and reads the answer in the function's log: so rule, function, role and log are known to work
 * together. Needs `events:PutEvents` and `logs:FilterLogEvents`, and `ec2:DescribeInstances` to find what to try on.
 */
export async function checkPing(
  deployment: Deployment,
  { instanceId, timeout }: PingOptions,
  aws: Aws,
  config: ClientConfig,
  io: Io,
): Promise<readonly CheckResult[]> {
  const { region } = deployment;
  const chosen = instanceId === undefined ? await choose(region, aws, io) : { instanceId };
  const nonce = randomUUID();
  const since = io.now().getTime();
  await put({ nonce, instanceId: chosen.instanceId }, deployment, config);
  const answer = await waitFor(nonce, since, since + timeout * 1000, deployment, config, io);
  if (answer === undefined) {
    return [
      {
        check,
        level: 'fail',
        text: `no answer within ${timeout} s: the rule, the function or its log does not work`,
        todo: 'see the results above; then the runbook, "The function fails" and "The function is throttled"; --timeout waits longer',
      },
    ];
  }
  return judgeAnswer(answer, deployment.setting('RoleGuard') === 'off', chosen.problem);
}

async function put(detail: object, deployment: Deployment, config: ClientConfig): Promise<void> {
  const client = new EventBridgeClient(config);
  const entry = {
    Source: PING.source,
    DetailType: PING.detailType,
    Detail: JSON.stringify(detail),
    // The rule lets through only what names the function.
    Resources: [functionArn(deployment)],
  };
  const { Entries: [answer] = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (answer?.ErrorCode !== undefined) {
    throw new Error(`EventBridge refused the ping: ${answer.ErrorCode} ${answer.ErrorMessage ?? ''}`);
  }
}

/** The line of the log that answers, or nothing in time. */
async function waitFor(
  nonce: string,
  since: number,
  until: number,
  deployment: Deployment,
  config: ClientConfig,
  io: Io,
): Promise<unknown> {
  const client = new CloudWatchLogsClient(config);
  const asked = {
    logGroupName: deployment.output('LogGroupName'),
    startTime: since - SKEW,
    filterPattern: `"${nonce}"`,
  };
  for (;;) {
    for await (const { events = [] } of paginateFilterLogEvents({ client }, asked)) {
      const answer = events.map(({ message = '' }) => parse(message)).find((line) => answers(line, nonce));
      if (answer !== undefined) return answer;
    }
    const left = until - io.now().getTime();
    if (left <= 0) return undefined;
    io.progress(`waiting for an answer to the ping, ${Math.ceil(left / 1000)} s left`);
    await io.sleep(Math.min(PAUSE, left));
  }
}

const answers = (line: unknown, nonce: string): boolean =>
  text(line, 'message') === PING.answered && text(line, 'nonce') === nonce;

function parse(message: string): unknown {
  try {
    const line: unknown = JSON.parse(message);
    return isObject(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** An instance whose tokens the function could change, were this no dry run. */
async function choose(
  region: string,
  aws: Aws,
  io: Io,
): Promise<{ readonly instanceId?: string; readonly problem?: string }> {
  const filters = [
    { name: 'instance-state-name', values: ['running', 'stopped'] },
    { name: 'metadata-options.http-endpoint', values: ['enabled'] },
  ];
  try {
    for await (const page of listInstances(region, filters, ec2Fleet(aws.ec2), aws.time(region))) {
      const found = page.find(({ awsManaged }) => !awsManaged);
      if (found !== undefined) return { instanceId: found.instanceId };
    }
    return { problem: `there is no instance in ${region} to try on` };
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    return { problem: `no instance could be looked for: ${explainError(error)}` };
  }
}
