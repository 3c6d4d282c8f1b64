import {
  type EventSourceMappingConfiguration,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';
import { isDeadLetterQueue, nameOf } from './queues.ts';

/** Whether the functions of the stack can run. Needs `cloudformation:ListStackResources` and `lambda:GetFunction`. */
export async function checkFunctions(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new LambdaClient(config);
  const functions = await deployment.resources('AWS::Lambda::Function');
  return Promise.all(
    functions.map(({ physicalId }) =>
      lookAt(physicalId, client.send(new GetFunctionCommand({ FunctionName: physicalId }))),
    ),
  );
}

async function lookAt(name: string, call: Promise<GetFunctionCommandOutput>): Promise<CheckResult> {
  const check = 'function';
  const answer = await call.catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  });
  if (answer === undefined) {
    return {
      check,
      level: 'fail',
      text: `${name} was deleted by hand`,
      todo: 'delete the stack and deploy it again',
    };
  }
  const { Configuration = {}, Concurrency } = answer;
  const { State = 'unknown', StateReason, LastUpdateStatus = 'unknown', LastUpdateStatusReason, Role } = Configuration;
  const text = `${name}: ${State}, last update ${LastUpdateStatus}`;
  const role = Role?.split('/').at(-1) ?? 'unknown';
  if (Concurrency?.ReservedConcurrentExecutions === 0) {
    return {
      check,
      level: 'fail',
      text: `${name} may not run: its reserved concurrency is 0 (the runbook's "Stop it now")`,
      todo: `aws lambda delete-function-concurrency --function-name ${name}`,
    };
  }
  if (State === 'Failed' || LastUpdateStatus === 'Failed') {
    const reason = StateReason ?? LastUpdateStatusReason ?? 'no reason given';
    return { check, level: 'fail', text: `${text}: ${reason}`, todo: 'deploy again' };
  }
  if (State !== 'Active' || LastUpdateStatus !== 'Successful') {
    return { check, level: 'warn', text, todo: 'look again in a minute' };
  }
  return { check, level: 'ok', text: `${text}, role ${role}` };
}

/**
 * Whether what waits in the queues is taken up. Needs `cloudformation:ListStackResources` and
 * `lambda:ListEventSourceMappings`.
 */
export async function checkSources(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new LambdaClient(config);
  const functions = await deployment.resources('AWS::Lambda::Function');
  const mappings: EventSourceMappingConfiguration[] = [];
  for (const { physicalId: FunctionName } of functions) {
    for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { FunctionName })) {
      mappings.push(...EventSourceMappings);
    }
  }
  const queues = (await deployment.resources('AWS::SQS::Queue')).filter((queue) => !isDeadLetterQueue(queue));
  return queues.map(nameOf).map((queue) =>
    stateOf(
      queue,
      mappings.find(({ EventSourceArn }) => EventSourceArn?.split(':').at(-1) === queue),
    ),
  );
}

function stateOf(queue: string, mapping: EventSourceMappingConfiguration | undefined): CheckResult {
  const check = 'source';
  if (mapping === undefined) {
    return {
      check,
      level: 'fail',
      text: `nothing is taken from ${queue}: its event source mapping was deleted by hand`,
      todo: 'delete the stack and deploy it again',
    };
  }
  const { State, UUID } = mapping;
  const text = `${queue} is taken up: ${State ?? 'unknown'}`;
  switch (State) {
    case 'Enabled':
      return { check, level: 'ok', text };
    case 'Disabled':
    case 'Disabling':
      return {
        check,
        level: 'fail',
        text: `nothing is taken from ${queue} (the runbook's "Stop it now")`,
        todo: `aws lambda update-event-source-mapping --uuid ${UUID ?? '…'} --enabled`,
      };
    case undefined:
    default:
      return { check, level: 'warn', text, todo: 'look again in a minute' };
  }
}
