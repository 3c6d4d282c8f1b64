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

/** Checks the functions of the stack. */
export async function checkFunctions(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new LambdaClient(config);
  const functions = await deployment.resources('AWS::Lambda::Function');
  return Promise.all(
    functions.map(({ physicalId }) =>
      checkFunction(physicalId, client.send(new GetFunctionCommand({ FunctionName: physicalId }))),
    ),
  );
}

async function checkFunction(name: string, call: Promise<GetFunctionCommandOutput>): Promise<CheckResult> {
  const check = 'function';
  const answer = await call.catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  });
  if (answer === undefined) {
    return {
      check,
      level: 'fail',
      text: `${name} was deleted outside CloudFormation`,
      action: 'delete the stack and deploy it again',
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
      text: `${name} is stopped: its reserved concurrency is 0 (runbook, "Stop it now")`,
      action: `aws lambda delete-function-concurrency --function-name ${name}`,
    };
  }
  if (State === 'Failed' || LastUpdateStatus === 'Failed') {
    const reason = StateReason ?? LastUpdateStatusReason ?? 'no reason given';
    return { check, level: 'fail', text: `${text}: ${reason}`, action: 'deploy again' };
  }
  if (State !== 'Active' || LastUpdateStatus !== 'Successful') {
    return { check, level: 'warn', text, action: 'run doctor again in a minute' };
  }
  return { check, level: 'ok', text: `${text}, role ${role}` };
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
  const queues = (await deployment.resources('AWS::SQS::Queue')).filter((queue) => !isDeadLetterQueue(queue));
  return queues.map(nameOf).map((queue) =>
    stateOf(
      queue,
      mappings.find(({ EventSourceArn }) => EventSourceArn?.split(':').at(-1) === queue),
    ),
  );
}

function stateOf(queue: string, mapping: EventSourceMappingConfiguration | undefined): CheckResult {
  const check = 'event source';
  if (mapping === undefined) {
    return {
      check,
      level: 'fail',
      text: `${queue}: event source mapping was deleted outside CloudFormation`,
      action: 'delete the stack and deploy it again',
    };
  }
  const { State, UUID } = mapping;
  const text = `${queue}: event source mapping ${State?.toLowerCase() ?? 'unknown'}`;
  switch (State) {
    case 'Enabled':
      return { check, level: 'ok', text };
    case 'Disabled':
    case 'Disabling':
      return {
        check,
        level: 'fail',
        text: `${text} (runbook, "Stop it now")`,
        action: `aws lambda update-event-source-mapping --uuid ${UUID ?? '…'} --enabled`,
      };
    case undefined:
    default:
      return { check, level: 'warn', text, action: 'run doctor again in a minute' };
  }
}
