import type { AlertJson } from '../../lambda/core/alert/message.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { StopLoggingCommand, CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { main } from '../../cli/main.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { buildProduct } from '../../sandbox/product.ts';
import { recordingIo } from '../support/io.ts';
import { BRISK, ec2Of, launch, sandboxOf, stopAll } from '../sandbox/support.ts';

// Commands find the local AWS by environment variables.
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});
afterAll(stopAll);

const built = buildProduct({ alertEmail: ['security@example.com'], operationsEmail: ['platform@example.com'] });

// Building and synthesizing is slow on a busy machine.
jest.setTimeout(120_000);

const sandboxes = new Map<ReturnType<typeof buildProduct>, Promise<Sandbox>>();

/** A deployment with one instance and nothing in progress, started once for each product. */
async function deployed(product: ReturnType<typeof buildProduct> = built): Promise<Sandbox> {
  const starting = sandboxes.get(product) ?? start(product);
  sandboxes.set(product, starting);
  const sandbox = await starting;
  Object.assign(process.env, sandbox.environment());
  return sandbox;
}

async function start(product: ReturnType<typeof buildProduct>): Promise<Sandbox> {
  const sandbox = await sandboxOf({ ...(await product), timeScale: BRISK, prewarm: 1, schedules: false });
  await launch(ec2Of(sandbox), { MetadataOptions: { HttpTokens: 'required' } });
  await sandbox.idle();
  return sandbox;
}

async function run(...args: readonly string[]) {
  const { io, out, notes } = recordingIo({ now: () => new Date(), sleep: async () => void (await sleep(50)) });
  const exitCode = await main(args, io);
  return { exitCode, out, notes, labels: out.map((line) => line.slice(0, 21).trim()) };
}

// The first four tests share a deployment: the changes of one do not affect the following ones.

test('doctor names a subscription that is not confirmed', async () => {
  await deployed();
  const { exitCode, out } = await run('doctor', '--no-ping');
  expect(exitCode).toBe(2);
  expect(out.join('\n')).toContain('Outcomes: no confirmed subscription; not confirmed: email security@example.com');
});

test('test-alert sends every kind of alert, marked as a test', async () => {
  const sandbox = await deployed();
  const { messages } = sandbox.topic('Outcomes');
  const earlier = messages.length;

  const { exitCode, notes } = await run('test-alert', '--yes');

  expect(exitCode).toBe(0);
  expect(notes.join('\n')).toContain('email security@example.com');
  await sandbox.idle();
  sandbox.bus.fire('Drain');
  await sandbox.idle();
  const sent = messages.slice(earlier);
  for (const { subject } of sent) expect(subject).toMatch(/^TEST \[IMDSv2/);
  const alerts = sent.map(({ json }) => JSON.parse(json.Message) as { schema: string; groups?: AlertJson['groups'] });
  // Eleven outcomes, in alerts at once and in a summary; a digest; workload impact; and prevention.
  expect(alerts.flatMap(({ groups = [] }) => groups.flatMap(({ instanceIds }) => instanceIds))).toHaveLength(11);
  expect(new Set(alerts.map(({ schema }) => schema))).toEqual(
    new Set(['alert', 'digest', 'workload-impact', 'prevention'].map((kind) => `imdsv2-enforcer.${kind}/v1`)),
  );
});

test('doctor finds no problem in a healthy deployment and changes nothing', async () => {
  const sandbox = await deployed();
  for (const name of ['Outcomes', 'Operations']) sandbox.topics.confirm(sandbox.topic(name));
  const earlier = sandbox.calls.of('ModifyInstanceMetadataOptions').length;

  const { exitCode, out, notes } = await run('doctor');

  expect(out.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect([exitCode, notes]).toEqual([0, []]);
  const scan = [
    'rules .*each with its pattern or schedule and its target',
    'function .*active',
    'event source .*mappings enabled',
    'backlog .*ScanQueue.*: no scan in progress',
    'queues .*dead-letter queues empty',
  ];
  for (const line of scan) expect(out).toContainEqual(expect.stringMatching(new RegExp(`^ok +${line}`)));
  expect(out.at(-1)).toMatch(/^ok {4}role guard/);
  const attempted = sandbox.calls
    .of('ModifyInstanceMetadataOptions')
    .slice(earlier)
    .map(({ outcome, params }) => [params.HttpTokens, params.DryRun, outcome]);
  expect(attempted.sort()).toEqual([
    ['optional', 'true', 'UnauthorizedOperation'],
    ['required', 'true', 'DryRunOperation'],
  ]);
});

test('doctor finds a trail and rules that were disabled manually', async () => {
  const sandbox = await deployed();
  const [rule] = sandbox.bus.rules().filter(({ name }) => name.includes('Drift'));
  const [schedule] = sandbox.bus.rules().filter(({ name }) => name.includes('ScanSchedule'));
  const events = new EventBridgeClient(sandbox.client());
  for (const one of [rule, schedule]) await events.send(new DisableRuleCommand({ Name: one?.name ?? '' }));
  await new CloudTrailClient(sandbox.client()).send(new StopLoggingCommand({ Name: 'management-events' }));

  const { exitCode, labels, out } = await run('doctor', '--no-ping');

  expect(exitCode).toBe(2);
  expect(labels).toEqual(expect.arrayContaining(['FAIL  trail', 'FAIL  rules', 'ok    function']));
  expect(out.filter((line) => line.includes('is disabled:'))).toEqual([
    expect.stringMatching(/Drift.* is disabled: its events are lost/),
    expect.stringMatching(/ScanSchedule.* is disabled: no scan starts/),
  ]);
});

test('doctor expects a role without write permissions in audit mode', async () => {
  await deployed(buildProduct({ mode: 'audit' }));
  expect((await run('doctor')).out).toEqual(
    expect.arrayContaining([expect.stringMatching(/^ok {4}role .*as expected in mode audit/)]),
  );
});

test('doctor warns of roleGuard=off', async () => {
  await deployed(buildProduct({ roleGuard: 'off' }));
  expect((await run('doctor')).out).toEqual(
    expect.arrayContaining([expect.stringMatching(/^warn {2}role guard .*roleGuard=off/)]),
  );
});
