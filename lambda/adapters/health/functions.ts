import {
  type EventSourceMappingConfiguration,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  type FunctionConfiguration,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { CONFIG, variableOf } from '../../config.ts';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { type Check, checkEach, type HomeContext, unlessMissing } from './context.ts';
import { FUNCTIONS, queueName } from './parts.ts';

const FUNCTION = 'AWS::Lambda::Function';
const AGAIN = 'run doctor again in a minute';

/** The functions: that they exist and may run, with the role and the environment of the deployment. */
export const functions: Check<HomeContext> = {
  name: 'function',
  run: async (context) => {
    const check = 'function';
    const seen = new Map<string, FunctionConfiguration>();
    const paths = Object.keys(FUNCTIONS);
    const healthy = ok(check, `${paths.length} active, each with its role and environment`);
    const options = { healthy, explain: context.explain };
    const results = await checkEach(check, paths, (path) => checkFunction(path, context, seen), options);
    const different = differences(seen, context);
    return different.length === 0 ? results : [...results.filter(({ level }) => level !== 'ok'), ...different];
  },
};

async function checkFunction(
  path: string,
  { region, parts, clients }: HomeContext,
  seen: Map<string, FunctionConfiguration>,
): Promise<readonly HealthResult[]> {
  const FunctionName = parts.id(FUNCTION, path);
  const place = { check: 'function', region, names: [FunctionName] };
  const client = clients.functions;
  const found = await unlessMissing(client.send(new GetFunctionConfigurationCommand({ FunctionName })));
  if (found === undefined)
    return [lost('function-deleted', { ...place, text: `${FunctionName} was deleted outside CloudFormation` })];
  seen.set(path, found);
  const results: HealthResult[] = [];
  const { ReservedConcurrentExecutions } = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
  if (ReservedConcurrentExecutions === 0) {
    const text = `${FunctionName} is stopped: its reserved concurrency is 0 (runbook, "Stop it now")`;
    const action = `aws lambda delete-function-concurrency --region ${region} --function-name ${FunctionName}`;
    results.push(lost('function-stopped', { ...place, text, action }));
  }
  const role = parts.id('AWS::IAM::Role', `${path}Role`);
  const actual = found.Role?.split('/').at(-1);
  if (actual !== undefined && actual !== role) {
    const text = `${FunctionName} has the role ${actual}, not ${role}`;
    results.push(lost('function-role', { ...place, text }));
  }
  return [...results, ...stateOf(FunctionName, found, region)];
}

function stateOf(name: string, found: FunctionConfiguration, region: string): HealthResult[] {
  const check = 'function';
  const { State = 'unknown', StateReason, LastUpdateStatus = 'unknown', LastUpdateStatusReason } = found;
  const text = `${name}: ${State}, last update ${LastUpdateStatus}`;
  if (State === 'Failed' || LastUpdateStatus === 'Failed') {
    const reason = StateReason ?? LastUpdateStatusReason ?? 'no reason given';
    return [lost('function-failed', { check, region, names: [name], text: `${text}: ${reason}` })];
  }
  // Lambda sets a function that was not invoked for weeks inactive, and active again at the next invocation.
  if (['Active', 'Inactive'].includes(State) && LastUpdateStatus === 'Successful') return [];
  return [{ check, level: 'warn', text, action: AGAIN }];
}

/** Environment variables that are not those of the deployment, or not the same in the functions that remediate. */
function differences(seen: ReadonlyMap<string, FunctionConfiguration>, context: HomeContext): HealthResult[] {
  const { region, parts, settings } = context;
  const url = (path: string) => parts.id('AWS::SQS::Queue', path);
  const variables = (path: string) => seen.get(path)?.Environment?.Variables;
  const shared = { mode: settings.mode, existing: settings.existing, outcomeBusArn: settings.outcomeBusArn };
  const queues = { workQueueUrl: url('WorkQueue'), checkQueueUrl: url('CheckQueue') };
  const others = Object.keys(CONFIG).filter((key) => !(key in shared) && !(key in queues));
  const asInScan = Object.fromEntries(others.map((key) => [key, variables('ScanFunction')?.[variableOf(key)]]));
  const expected: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    Function: { ...shared, ...queues, ...(variables('ScanFunction') === undefined ? {} : asInScan) },
    ScanFunction: {
      ...shared,
      ...queues,
      scanQueueUrl: url('ScanQueue'),
      deadLetterQueueUrl: url('DeadLetterQueue'),
    },
    NotifierFunction: {
      outcomesTopicArn: parts.id('AWS::SNS::Topic', 'TopicsOutcomes'),
      summaryQueueUrl: url('NotifierSummaryQueue'),
    },
  };
  return Object.entries(expected).flatMap(([path, values]) => {
    const actual = variables(path);
    if (actual === undefined && seen.get(path)?.Environment !== undefined) return [];
    if (!seen.has(path)) return [];
    const wrong = Object.entries(values).filter(([key, value]) => actual?.[variableOf(key)] !== value);
    if (wrong.length === 0) return [];
    const name = parts.id(FUNCTION, path);
    const texts = wrong.map(
      ([key, value]) => `${variableOf(key)} is ${actual?.[variableOf(key)] ?? 'absent'}, not ${value ?? 'absent'}`,
    );
    const text = `${name}: ${texts.join('; ')}`;
    return [lost('function-environment', { check: 'function', region, names: [name], text })];
  });
}

/** The event source mapping of each queue that a function receives from. */
export const mappings: Check<HomeContext> = {
  name: 'event source',
  run: (context) => {
    const check = 'event source';
    const pairs = Object.entries(FUNCTIONS).flatMap(([path, queues]) => queues.map((queue) => [path, queue] as const));
    const healthy = ok(check, `${pairs.length} event source mappings enabled`);
    const options = { healthy, explain: context.explain };
    return checkEach(check, pairs, ([path, queue]) => checkMapping(path, queue, context), options);
  },
};

async function checkMapping(path: string, queuePath: string, context: HomeContext): Promise<readonly HealthResult[]> {
  const { region, parts, clients } = context;
  const check = 'event source';
  const queue = queueName(parts.id('AWS::SQS::Queue', queuePath));
  // Calls name the mapping only.
  const id = parts.id('AWS::Lambda::EventSourceMapping', SOURCES[queuePath] ?? '');
  const place = { check, region, names: [id] };
  const mapping = await mappingOf(parts.id(FUNCTION, path), queue, clients.functions);
  if (mapping === undefined) {
    const text = `${queue}: event source mapping was deleted outside CloudFormation`;
    return [lost('mapping-deleted', { ...place, text })];
  }
  const { State = 'unknown', UUID = id } = mapping;
  const text = `${queue}: event source mapping ${State.toLowerCase()}`;
  if (State === 'Enabled') return [];
  if (State !== 'Disabled' && State !== 'Disabling') return [{ check, level: 'warn', text, action: AGAIN }];
  const action = `aws lambda update-event-source-mapping --region ${region} --uuid ${UUID} --enabled`;
  return [lost('mapping-disabled', { ...place, text: `${text} (runbook, "Stop it now")`, action })];
}

/** Event source mappings by the path of their queue. */
const SOURCES: Readonly<Record<string, string>> = {
  WorkQueue: 'WorkQueueSource',
  CheckQueue: 'CheckQueueSource',
  ScanQueue: 'ScanSource',
  GivenUpQueue: 'ScanGivenUpSource',
  NotifierUrgentQueue: 'NotifierSource',
};

async function mappingOf(
  FunctionName: string,
  queue: string,
  client: HomeContext['clients']['functions'],
): Promise<EventSourceMappingConfiguration | undefined> {
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, { FunctionName })) {
    const found = EventSourceMappings.find(({ EventSourceArn }) => EventSourceArn?.endsWith(`:${queue}`));
    if (found !== undefined) return found;
  }
  return undefined;
}
