import { setTimeout as sleep } from 'node:timers/promises';
import { StopLoggingCommand, CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { main } from '../../cli/main.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { product } from '../../sandbox/tour/synth.ts';
import { recordingIo } from '../support/io.ts';
import { BRISK, ec2Of, launch, sandboxOf, stopAll } from '../sandbox/support.ts';

// The commands find AWS by the environment, as everybody's do.
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});
afterAll(stopAll);

const built = product({ alertEmail: ['security@example.com'], operationsEmail: ['platform@example.com'] });

// A busy machine takes its time to build and synthesize.
jest.setTimeout(120_000);

const sandboxes = new Map<ReturnType<typeof product>, Promise<Sandbox>>();

/** The product as it would be deployed, once for each way, with one instance there and nothing under way. */
async function deployed(of: ReturnType<typeof product> = built): Promise<Sandbox> {
  const starting = sandboxes.get(of) ?? start(of);
  sandboxes.set(of, starting);
  const sandbox = await starting;
  Object.assign(process.env, sandbox.environment());
  return sandbox;
}

async function start(of: ReturnType<typeof product>): Promise<Sandbox> {
  const sandbox = await sandboxOf({ ...(await of), timeScale: BRISK, prewarm: 1, schedules: false });
  await launch(ec2Of(sandbox), { MetadataOptions: { HttpTokens: 'required' } });
  await sandbox.idle();
  return sandbox;
}

async function run(...args: readonly string[]) {
  const { io, out, notes } = recordingIo({ now: () => new Date(), sleep: async () => void (await sleep(50)) });
  const exitCode = await main(args, io);
  return { exitCode, out, notes, labels: out.map((line) => line.slice(0, 21).trim()) };
}

// The first four share a deployment: what each changes does not matter to those after it.

test('a subscription that nobody confirmed is named', async () => {
  await deployed();
  const { exitCode, out } = await run('doctor', '--no-ping');
  expect(exitCode).toBe(2);
  expect(out.join('\n')).toContain('Outcomes: nobody hears it; not confirmed: email security@example.com');
});

test('test-alert: everything that is sent arrives, and each is marked', async () => {
  const sandbox = await deployed();
  const { messages } = sandbox.topic('Outcomes');
  const earlier = messages.length;

  const { exitCode, notes } = await run('test-alert', '--yes');

  expect(exitCode).toBe(0);
  expect(notes.join('\n')).toContain('email security@example.com');
  const subjects = messages.slice(earlier).map(({ subject }) => subject);
  expect(subjects).toHaveLength(13);
  for (const subject of subjects) expect(subject).toMatch(/^TEST \[IMDSv2/);
});

test('doctor finds a deployment alive, its real role proven, and changes nothing', async () => {
  const sandbox = await deployed();
  for (const name of ['Outcomes', 'Operations']) sandbox.topics.confirm(sandbox.topic(name));
  const earlier = sandbox.calls.of('ModifyInstanceMetadataOptions').length;

  const { exitCode, out, notes } = await run('doctor');

  expect(out.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect([exitCode, notes]).toEqual([0, []]);
  const scan = ['function .*ScanFunction', 'source .*ScanQueue.* is taken up', 'queues .*ScanDeadLetterQueue.*: empty'];
  for (const line of scan) expect(out).toContainEqual(expect.stringMatching(new RegExp(`^ok +${line}`)));
  expect(out.at(-1)).toMatch(/^ok {4}role guard/);
  const tried = sandbox.calls
    .of('ModifyInstanceMetadataOptions')
    .slice(earlier)
    .map(({ outcome, params }) => [params.HttpTokens, params.DryRun, outcome]);
  expect(tried.sort()).toEqual([
    ['optional', 'true', 'UnauthorizedOperation'],
    ['required', 'true', 'DryRunOperation'],
  ]);
});

test('what is switched off by hand is found', async () => {
  const sandbox = await deployed();
  const [rule] = sandbox.bus.rules().filter(({ name }) => name.includes('Drift'));
  const [schedule] = sandbox.bus.rules().filter(({ name }) => name.includes('ScanSchedule'));
  const events = new EventBridgeClient(sandbox.client());
  for (const one of [rule, schedule]) await events.send(new DisableRuleCommand({ Name: one?.name ?? '' }));
  await new CloudTrailClient(sandbox.client()).send(new StopLoggingCommand({ Name: 'management-events' }));

  const { exitCode, labels, out } = await run('doctor', '--no-ping');

  expect(exitCode).toBe(2);
  expect(labels).toEqual(expect.arrayContaining(['FAIL  trail', 'FAIL  rules', 'ok    function']));
  expect(out.filter((line) => line.includes('is switched off:'))).toEqual([
    expect.stringMatching(/Drift.* is switched off: its events are lost/),
    expect.stringMatching(/ScanSchedule.* is switched off: no scan begins/),
  ]);
});

test('audit mode: the role may not change anything, and that is as it should be', async () => {
  await deployed(product({ mode: 'audit' }));
  expect((await run('doctor')).out).toEqual(
    expect.arrayContaining([expect.stringMatching(/^ok {4}role .*as it should be in mode audit/)]),
  );
});

test('roleGuard=off is said, as chosen', async () => {
  await deployed(product({ roleGuard: 'off' }));
  expect((await run('doctor')).out).toEqual(
    expect.arrayContaining([expect.stringMatching(/^warn {2}role guard .*roleGuard=off was chosen/)]),
  );
});
