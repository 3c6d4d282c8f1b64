import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { enterAws, imdsv2, leaveAws, old } from '../support/cli.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 5 });
  enterAws(sandbox);
});
afterEach(async () => {
  leaveAws();
  await sandbox.stop();
});

/** On the clock of the sandbox, whose lookups are limited. */
const at = { now: () => new Date(sandbox.clock.now()), sleep: (pause: number) => sandbox.clock.sleep(pause) };
const lookups = () => sandbox.calls.of('LookupEvents');
const deny = (Action: string) =>
  sandbox.callers.add('AKIATEST', {
    arn: 'arn:aws:iam::111122223333:user/kim',
    policies: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action, Resource: '*' },
    ],
  });
const boto = (id: string, times = 1) =>
  sandbox.software.add(
    id,
    { userAgent: 'Boto3/1.9.86 Python/2.7.16 Linux/4.14 Botocore/1.12.92', service: 'ec2', action: 'DescribeTags' },
    { times },
  );
const inUse = (callsPerDay: number) => {
  const { id } = sandbox.fleet().add(old({ publicIp: '203.0.113.10' }));
  sandbox.usage.set(id, { callsPerDay });
  boto(id);
  return id;
};

it('explain names the callers in the newest three pages', async () => {
  const id = inUse(24);
  boto(id, 200);
  const { exitCode, out } = await imdsv2(['explain', id], at);
  expect([exitCode, lookups().length]).toEqual([0, 3]);
  expect(out.join('\n')).toMatch(
    /IMDSv1 callers Boto3 1\.9\.86 \(botocore 1\.12\.92\): upgrade botocore 1\.12\.92 to 1\.13\.25 or later \(150 calls/,
  );
  expect(out.join('\n')).toContain(`incomplete: only the newest 3 pages of calls\n`);
  const json = await imdsv2(['explain', id, '--json'], at);
  expect(JSON.parse(json.out.join(''))).toMatchObject({
    callers: { imdsv1Calls: 150, callers: [{ diagnosis: { kind: 'upgrade' } }] },
  });
});

it('explain names an unexplained address', async () => {
  const id = inUse(24);
  const call = { userAgent: 'aws-cli/2.15.30', service: 'sts', action: 'GetCallerIdentity' };
  sandbox.software.add(id, { ...call, sourceIp: '198.51.100.7' });
  const { out } = await imdsv2(['explain', id], at);
  expect(out.join('\n')).toContain('MEDIUM: unexplained source address 198.51.100.7; no proof of theft\n');
});

it('explain does without permission, and says what is not visible', async () => {
  deny('cloudtrail:LookupEvents');
  const { exitCode, out } = await imdsv2(['explain', inUse(24)], at);
  expect(exitCode).toBe(0);
  expect(out.join('\n')).toMatch(/IMDSv1 callers not visible from here: missing permission cloudtrail:LookupEvents/);
  expect(out.join('\n')).not.toContain('no call to AWS');
});

it('audit --usage --callers looks up the busiest instances in use only', async () => {
  const ids = Array.from({ length: 22 }, (_, index) => inUse(24 * (index + 1)));
  inUse(0);
  const { exitCode, out } = await imdsv2(['audit', '--usage', '--callers', '--json'], at);
  expect([exitCode, lookups().length]).toEqual([2, 20]);
  const { callers } = JSON.parse(out.join('')) as { callers: readonly { readonly instanceId: string }[] };
  expect(callers.map(({ instanceId }) => instanceId)).toEqual(ids.slice(2).toReversed());
  const text = await imdsv2(['audit', '--usage', '--callers'], at);
  expect(text.out.join('\n')).toMatch(/^Software that uses IMDSv1, on the 20 busiest instances\n\nBoto3 1\.9\.86/m);
});

it('audit keeps its exit code without permission', async () => {
  deny('cloudtrail:LookupEvents');
  inUse(24);
  const { exitCode, notes } = await imdsv2(['audit', '--usage', '--callers'], at);
  expect(exitCode).toBe(2);
  expect(notes.join('\n')).toMatch(/us-east-1: callers not visible from here: missing permission cloudtrail:Look/);
});

it('audit --callers needs --usage', async () => {
  const { exitCode, notes } = await imdsv2(['audit', '--callers'], at);
  expect([exitCode, notes]).toEqual([1, ['imdsv2: --callers needs --usage, which finds the instances']]);
});
