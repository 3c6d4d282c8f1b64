import {
  type EventSourceMappingConfiguration,
  GetFunctionCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { type CheckResult, deleted, fail, ok, unlessMissing, warn } from './check-result.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import { isDeadLetterQueue, nameOf } from './queues.ts';

const AGAIN = 'run doctor again in a minute';

/** Checks the functions of the stack. */
export async function checkFunctions(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new LambdaClient(config);
  const functions = await deployment.resources('AWS::Lambda::Function');
  return Promise.all(functions.map(({ physicalId }) => checkFunction(physicalId, client)));
}

async function checkFunction(name: string, client: LambdaClient): Promise<CheckResult> {
  const check = 'function';
  const call = client.send(new GetFunctionCommand({ FunctionName: name }));
  const response = await unlessMissing(call, /^ResourceNotFoundException$/);
  if (response === undefined) return deleted(check, name);
  const { Configuration = {}, Concurrency } = response;
  const { State = 'unknown', StateReason, LastUpdateStatus = 'unknown', LastUpdateStatusReason, Role } = Configuration;
  if (Concurrency?.ReservedConcurrentExecutions === 0) {
    const text = `${name} is stopped: its reserved concurrency is 0 (runbook, "Stop it now")`;
    return fail(check, text, `aws lambda delete-function-concurrency --function-name ${name}`);
  }
  const text = `${name}: ${State}, last update ${LastUpdateStatus}`;
  if (State === 'Failed' || LastUpdateStatus === 'Failed')
    return fail(check, `${text}: ${StateReason ?? LastUpdateStatusReason ?? 'no reason given'}`, 'deploy again');
  if (State !== 'Active' || LastUpdateStatus !== 'Successful') return warn(check, text, AGAIN);
  return ok(check, `${text}, role ${Role?.split('/').at(-1) ?? 'unknown'}`);
}

/** Checks the event source mapping of each queue. */
export async function checkEventSources(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new LambdaClient(config);
  const functions = await deployment.resources('AWS::Lambda::Function');
  const mappings: EventSourceMappingConfiguration[] = [];
  for (const { physicalId: FunctionName } of functions) {
    for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { FunctionName })) {
      mappings.push(...EventSourceMappings);
    }
  }
  const queues = (await deployment.resources('AWS::SQS::Queue')).filter(
    // The notifier receives from the queue of summaries by itself.
    (queue) => !isDeadLetterQueue(queue) && queue.physicalId !== deployment.setting('SummaryQueueUrl'),
  );
  const mappingOf = (queue: string) => mappings.find(({ EventSourceArn }) => EventSourceArn?.endsWith(`:${queue}`));
  return queues.map(nameOf).map((queue) => checkMapping(queue, mappingOf(queue)));
}

function checkMapping(queue: string, mapping: EventSourceMappingConfiguration | undefined): CheckResult {
  const check = 'event source';
  if (mapping === undefined) return deleted(check, `${queue}: event source mapping`);
  const { State, UUID } = mapping;
  const text = `${queue}: event source mapping ${State?.toLowerCase() ?? 'unknown'}`;
  if (State === 'Enabled') return ok(check, text);
  if (State !== 'Disabled' && State !== 'Disabling') return warn(check, text, AGAIN);
  const action = `aws lambda update-event-source-mapping --uuid ${UUID ?? '…'} --enabled`;
  return fail(check, `${text} (runbook, "Stop it now")`, action);
}
