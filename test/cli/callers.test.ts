import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { enterAws, imdsv2, leaveAws, old } from '../support/cli.ts';
import type { IoChange } from '../support/io.ts';

const MINUTE = 60_000;
const OLD_BOTO = 'Boto3/1.9.86 Python/2.7.16 Linux/4.14 Botocore/1.12.92';
const GO_V2 = 'aws-sdk-go-v2/1.30.3 ua/2.1 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/sts#1.30.3';
const CLI = 'aws-cli/2.15.30 md/awscrt#0.19.19 ua/2.0 os/linux#6.1 lang/python#3.11.8';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 20, regions: ['us-east-1', 'eu-west-1'] });
  enterAws(sandbox);
});
afterEach(async () => {
  leaveAws();
  await sandbox.stop();
});

/** On the clock of the sandbox, whose lookups are limited. */
const run = (args: readonly string[], change: IoChange = {}) =>
  imdsv2(['callers', ...args], {
    now: () => new Date(sandbox.clock.now()),
    sleep: (milliseconds) => sandbox.clock.sleep(milliseconds),
    ...change,
  });
const ago = (minutes: number) => new Date(sandbox.clock.now() - minutes * MINUTE);
const lookups = () => sandbox.calls.of('LookupEvents');
const deny = (...actions: string[]) =>
  sandbox.callers.add('AKIATEST', {
    arn: 'arn:aws:iam::111122223333:user/kim',
    policies: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      ...actions.map((Action) => ({ Effect: 'Deny', Action, Resource: '*' }) as const),
    ],
  });
const boto = (id: string, times = 1) =>
  sandbox.software.add(
    id,
    { userAgent: OLD_BOTO, service: 'ec2', action: 'DescribeInstances', at: ago(90) },
    { times },
  );

describe('five instances of an Auto Scaling group', () => {
  interface Document {
    readonly schema: string;
    readonly limits: readonly string[];
    readonly instances: readonly {
      readonly instanceId: string;
      readonly callers: readonly {
        readonly diagnosis: { readonly kind: string };
        readonly sources: readonly { readonly kind: string; readonly id?: string; readonly severity?: string }[];
      }[];
    }[];
  }
  const group = { 'aws:autoscaling:groupName': 'web' };
  const add = (name: string, over: Parameters<typeof old>[0] = {}, tags = {}) =>
    sandbox.fleet().add(old({ ...over, tags: { ...group, ...tags, Name: name } })).id;

  /** Adds the instances, with what they call. */
  function addFive() {
    const nat = sandbox.fleet().addNatGateway('192.0.2.4');
    const ids = {
      oldBoto: add('old-boto', { publicIp: '203.0.113.9' }),
      container: add('container', { publicIp: '203.0.113.10' }, { 'eks:cluster-name': 'shop' }),
      curl: add('curl', { publicIp: '203.0.113.11' }),
      behindNat: add('behind-nat'),
      unexplained: add('unexplained', { publicIp: '203.0.113.12' }),
    };
    const { software } = sandbox;
    const ec2 = { service: 'ec2', action: 'DescribeInstances', at: ago(90) };
    software.add(ids.oldBoto, { ...ec2, userAgent: OLD_BOTO, sourceIp: '203.0.113.9' }, { times: 3 });
    software.add(ids.oldBoto, { ...ec2, userAgent: CLI, sourceIp: '203.0.113.9', delivery: '2.0' });
    software.add(ids.container, { ...ec2, userAgent: GO_V2, sourceIp: '10.0.3.4', vpcEndpointId: 'vpce-0aa' });
    software.add(ids.behindNat, { ...ec2, userAgent: 'curl/7.61.1', sourceIp: '192.0.2.4' });
    software.add(ids.unexplained, { ...ec2, userAgent: CLI, sourceIp: '198.51.100.7' });
    // Not yet delivered to event history.
    software.add(ids.curl, { ...ec2, userAgent: 'curl/7.61.1', at: ago(-60) });
    return { ids, nat };
  }

  it('gives five answers, and does not accuse the one behind a NAT gateway', async () => {
    const { ids, nat } = addFive();
    const { exitCode, out } = await run(['--launch-source', 'web', '--json']);
    const { schema, instances, limits } = JSON.parse(out.join('')) as Document;
    expect([exitCode, schema, limits.length]).toEqual([2, 'imdsv2-enforcer.callers/v1', 2]);
    const answer = (id: string) =>
      instances
        .find(({ instanceId }) => instanceId === id)
        ?.callers.map(({ diagnosis, sources }) => [diagnosis.kind, ...sources.map(({ kind, id: by }) => by ?? kind)]);
    expect(answer(ids.oldBoto)).toEqual([['upgrade', 'instance']]);
    expect(answer(ids.container)).toEqual([['hop-limit', 'vpce-0aa']]);
    expect(answer(ids.curl)).toEqual([]);
    expect(answer(ids.behindNat)).toEqual([['no-sdk', nat]]);
    expect(answer(ids.unexplained)).toEqual([['supported', 'unexplained']]);
    const sources = instances.flatMap(({ callers }) => callers.flatMap((caller) => caller.sources));
    expect(sources.flatMap(({ severity }) => severity ?? [])).toEqual(['MEDIUM']);
  });

  it('prints them within 80 columns, but for commands', async () => {
    const { ids, nat } = addFive();
    const { out } = await run(Object.values(ids), { columns: 80 });
    const text = out.join('\n');
    expect(out.filter((line) => line.length > 80 && !line.startsWith('  aws '))).toEqual([]);
    expect(text).toContain(
      'Boto3 1.9.86 (botocore 1.12.92)\n  diagnosis    upgrade botocore 1.12.92 to 1.13.25 or later',
    );
    expect(text).toContain(
      `\n  aws ec2 modify-instance-metadata-options --region us-east-1 --instance-id ${ids.container}`,
    );
    expect(text).toContain(`No call to AWS with credentials of IMDSv1\n  instances    ${ids.curl} "curl"`);
    expect(text).toContain(`192.0.2.4 (NAT gateway ${nat})`);
    expect(text).toMatch(/^MEDIUM: 1 unexplained source address\n {2}198\.51\.100\.7 +1 call, last .*Z, of/m);
    expect(text).toMatch(/That is no proof of theft/);
    expect(text).toMatch(/Event history has calls to AWS only/);
  });

  it('calls no address unexplained if NAT gateways may not be read', async () => {
    addFive();
    deny('ec2:DescribeNatGateways');
    const { exitCode, out, notes } = await run(['--launch-source', 'web']);
    expect(exitCode).toBe(2);
    expect(out.join('\n')).toContain('198.51.100.7 (not known from here)');
    expect(out.join('\n')).not.toContain('unexplained source');
    expect(notes.join('\n')).toMatch(
      /NAT gateways not visible from here: missing permission ec2:DescribeNatGateways.*no source address is called unexplained/,
    );
  });
});

it('reads 20 pages of an instance at most, one per second, and says that older calls are missing', async () => {
  const { id } = sandbox.fleet().add(old());
  boto(id, 1_050);
  const { exitCode, out } = await run([id]);
  expect(exitCode).toBe(2);
  expect(lookups().map(({ outcome }) => outcome)).toEqual(Array(20).fill('ok'));
  const times = lookups().map(({ at }) => at);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(18_900);
  expect(out.join('\n')).toMatch(/1,000 calls, first .*\n/);
  expect(out.join('\n')).toContain('incomplete: only the newest 20 pages of calls');
});

it('makes no more lookups than it may, and names the instances that are left', async () => {
  const ids = [1, 2, 3].map(() => sandbox.fleet().add(old()).id);
  for (const id of ids) boto(id);
  const { out } = await run([...ids, '--max-lookups', '2']);
  expect(lookups()).toHaveLength(2);
  expect(out.join('\n')).toContain(
    `not looked up: no lookups are left; imdsv2 callers --max-lookups allows more\n  instances    ${ids[2]}`,
  );
});

it('without permission, says that callers are not visible from here', async () => {
  deny('cloudtrail:LookupEvents');
  const ids = [1, 2].map(() => sandbox.fleet().add(old()).id);
  const { exitCode, out, notes } = await run(ids);
  expect([exitCode, out, lookups().length]).toEqual([1, [], 1]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(
    /^imdsv2: us-east-1: callers not visible from here: missing permission cloudtrail:LookupEvents: .*; allow it, or/,
  );
});

it('retries a throttled lookup and says so', async () => {
  let left = 2;
  sandbox.faults.throttles = ({ action }) => action === 'LookupEvents' && left-- > 0;
  const { id } = sandbox.fleet().add(old());
  boto(id);
  const { exitCode, notes } = await run([id]);
  expect(exitCode).toBe(2);
  expect(notes).toEqual(['CloudTrail throttles lookups in us-east-1; retrying, which takes longer.']);
  expect(lookups().map(({ outcome }) => outcome)).toEqual(['ThrottlingException', 'ThrottlingException', 'ok']);
});

it('gives up after two minutes of throttling, for all instances of the Region, and says so', async () => {
  sandbox.faults.throttles = ({ action }) => action === 'LookupEvents';
  const ids = [1, 2].map(() => sandbox.fleet().add(old()).id);
  let slept = 0;
  const now = () => new Date(sandbox.clock.now() + slept);
  const { exitCode, notes } = await run(ids, { now, sleep: (pause) => Promise.resolve(void (slept += pause)) });
  expect(exitCode).toBe(1);
  expect(notes.at(-1)).toMatch(
    /us-east-1: callers not looked up: CloudTrail throttles lookups: .*Request limit exceeded/,
  );
  expect(slept).toBeLessThan(240_000);
});

it('after Ctrl-C, prints what was found so far', async () => {
  const [first = '', second = ''] = [1, 2].map(() => sandbox.fleet().add(old()).id);
  boto(first);
  const stop = new AbortController();
  const sleep = () => {
    stop.abort();
    return Promise.reject(new Error('aborted'));
  };
  const start = new Date(sandbox.clock.now());
  const { exitCode, out } = await run([first, second], { sleep, interrupted: stop.signal, now: () => start });
  expect(exitCode).toBe(1);
  expect(out.join('\n')).toContain('upgrade botocore');
  expect(out.join('\n')).toContain(`not looked up: interrupted\n  instances    ${second}`);
});

it('looks up a terminated instance that EC2 does not return', async () => {
  const gone = 'i-0a1b2c3d4e5f60718';
  boto(gone);
  const { exitCode, out, notes } = await run([gone]);
  expect(exitCode).toBe(2);
  expect(notes).toEqual([`EC2 does not return ${gone} in us-east-1; its calls are looked up nevertheless.`]);
  expect(out.join('\n')).toContain('203.0.113.10 (not known from here)');
});

it('exits with 0 if no software was found', async () => {
  const { id } = sandbox.fleet('eu-west-1').add(old());
  expect((await run([id, '--regions', 'all'])).exitCode).toBe(0);
});

it('prints untrusted text on its line', async () => {
  const { id } = sandbox.fleet().add(old({ tags: { Name: 'x\u001b[2J' } }));
  const userAgent = 'tool\u202e\n  diagnosis    fine/1.0';
  sandbox.software.add(id, { userAgent, service: 'ec2\n  from', action: 'x', at: ago(60), sourceIp: 'a\nb' });
  const { out } = await run([id]);
  expect(out.join('\n').match(/^ {2}(diagnosis|from) /gm)).toHaveLength(2);
  // eslint-disable-next-line no-control-regex
  expect(out.join('')).not.toMatch(/[\u001b\u202e]/);
});

it.each([
  [[], /accepted: either instance ids or --launch-source/],
  [['i-0a1b2c3d4e5f60718', '--launch-source', 'web'], /accepted: either instance ids or --launch-source/],
  [['web'], /"web" is not an instance id/],
  [['--launch-source', 'nothing'], /no instance in us-east-1 has launch source "nothing"; accepted: the name or id/],
  [
    ['i-0a1b2c3d4e5f60718', '--regions', 'all'],
    /not found in eu-west-1, us-east-1: i-0a1b2c3d4e5f60718; with --region/,
  ],
  [['i-0a1b2c3d4e5f60718', '--max-lookups', '0'], /accepted: a whole number from 1/],
])('refuses %j', async (args, problem) => {
  const { exitCode, notes } = await run(args);
  expect(exitCode).toBe(1);
  expect(notes.join('\n')).toMatch(problem);
  expect(lookups()).toEqual([]);
});
