import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { listInstances } from '../../lambda/app/list-instances.ts';
import { PING } from '../../lambda/contract.ts';
import { text } from '../../lambda/triggers/json.ts';
import type { Aws } from '../common/aws.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { parseJson } from '../common/json.ts';
import type { HealthResult } from '../../lambda/core/health.ts';
import { fail } from './check-result.ts';
import { type ClientConfig, type Deployment, functionArn } from './deployment.ts';
import { resultsOf } from './ping-response.ts';

/** Milliseconds between two reads of the log. */
const PAUSE = 2_000;

/** Milliseconds that the local clock may be ahead of AWS. */
const SKEW = 5 * 60_000;

/**
 * Sends a ping event and reads the response, which tests rule, function, role and log together.
 *
 * @param options instance for the dry runs, by default any in the Region, and seconds to wait for the response.
 */
export async function checkPing(
  deployment: Deployment,
  { instanceId, timeout }: { readonly instanceId?: string; readonly timeout: number },
  aws: Aws,
  config: ClientConfig,
  io: Io,
): Promise<readonly HealthResult[]> {
  const { region } = deployment;
  const chosen = instanceId === undefined ? await findInstance(region, aws, io) : { instanceId };
  const nonce = randomUUID();
  const since = io.now().getTime();
  await put({ nonce, instanceId: chosen.instanceId }, deployment, config);
  const response = await waitFor(nonce, since, since + timeout * 1000, deployment, config, io);
  if (response === undefined) {
    const text = `no response within ${timeout} s: the rule, the function or its log does not work`;
    const runbook = 'runbook, "The function fails" and "The function is throttled"';
    return [fail('ping', text, `see the results above, then ${runbook}; --timeout waits longer`)];
  }
  return resultsOf(response, deployment.setting('RoleGuard') === 'off', chosen.problem);
}

async function put(detail: object, deployment: Deployment, config: ClientConfig): Promise<void> {
  const client = new EventBridgeClient(config);
  const entry = {
    Source: PING.source,
    DetailType: PING.detailType,
    Detail: JSON.stringify(detail),
    // The rule matches only events that name the function.
    Resources: [functionArn(deployment)],
  };
  const { Entries: [result] = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (result?.ErrorCode !== undefined) {
    throw new Error(`EventBridge refused the ping: ${result.ErrorCode} ${result.ErrorMessage ?? ''}`);
  }
}

/** The log line with the response; `undefined` after the time to wait. */
async function waitFor(
  nonce: string,
  since: number,
  until: number,
  deployment: Deployment,
  config: ClientConfig,
  io: Io,
): Promise<unknown> {
  const client = new CloudWatchLogsClient(config);
  const query = {
    logGroupName: deployment.output('LogGroupName'),
    startTime: since - SKEW,
    filterPattern: `"${nonce}"`,
  };
  for (;;) {
    for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
      const response = events.map(({ message = '' }) => parseJson(message)).find((line) => isResponse(line, nonce));
      if (response !== undefined) return response;
    }
    const remaining = until - io.now().getTime();
    if (remaining <= 0) return undefined;
    io.progress(`waiting for the response to the ping, ${Math.ceil(remaining / 1000)} s left`);
    await io.sleep(Math.min(PAUSE, remaining));
  }
}

const isResponse = (line: unknown, nonce: string): boolean =>
  text(line, 'message') === PING.answered && text(line, 'nonce') === nonce;

/** Finds an instance that the function could modify. */
async function findInstance(
  region: string,
  aws: Aws,
  io: Io,
): Promise<{ readonly instanceId?: string; readonly problem?: string }> {
  const filters = [
    { name: 'instance-state-name', values: ['running', 'stopped'] },
    { name: 'metadata-options.http-endpoint', values: ['enabled'] },
  ];
  try {
    for await (const page of listInstances(region, filters, aws.fleet, aws.time(region))) {
      const found = page.find(({ awsManaged }) => !awsManaged);
      if (found !== undefined) return { instanceId: found.instanceId };
    }
    return { problem: `no suitable instance in ${region}` };
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    return { problem: `instances could not be listed: ${explainError(error)}` };
  }
}
