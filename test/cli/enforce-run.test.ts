import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { addNonCompliant, changed, enterAws, imdsv2, instanceOf, leaveAws, old } from '../support/cli.ts';
import { documentOf, idsOf } from '../support/enforce.ts';
import { NOW } from '../support/builders.ts';

const HOME = 'us-east-1';
const OTHER = 'eu-west-1';
const UNKNOWN = 'i-0123456789abcdef0';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [HOME, OTHER], startAt: NOW });
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(leaveAws);

const enforce = async (...args: readonly string[]) => imdsv2(['enforce', ...args]);
const tokensOf = (id: string, region?: string) => instanceOf(sandbox, id, region).options.HttpTokens;

describe('an error does not stop the rest', () => {
  it('in a region that cannot be read', async () => {
    const [id = ''] = addNonCompliant(sandbox, 1);

    const { exitCode, notes } = await enforce('--regions', `ap-south-1,${HOME}`, '--yes');

    expect(exitCode).toBe(1);
    expect(notes[0]).toMatch(/^ap-south-1 could not be read: AWS does not accept the credentials/);
    expect(tokensOf(id)).toBe('required');
  });

  it('prints no plan if no region can be read', async () => {
    const { exitCode, out, notes } = await enforce('--regions', 'ap-south-1', '--yes');

    expect([exitCode, out, notes.length]).toEqual([1, [], 1]);
  });

  it('lists ids that may be in an unreadable region, and remediates the others', async () => {
    const [id = ''] = addNonCompliant(sandbox, 1);

    const args = ['--regions', `ap-south-1,${HOME}`, '--instance-ids', `${id},${UNKNOWN}`, '--yes'];
    const { exitCode, notes } = await enforce(...args);

    expect(exitCode).toBe(1);
    expect(notes).toContain(`instance ${UNKNOWN} not found in ${HOME}`);
    expect(tokensOf(id)).toBe('required');
  });

  it('on an instance that EC2 refuses to change', async () => {
    const [refused = '', ...others] = addNonCompliant(sandbox, 3);
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'ec2:Modify*', Resource: `*${refused}` },
      ],
    });

    const { exitCode, out } = await enforce('--yes');

    expect(exitCode).toBe(1);
    expect(changed(sandbox).sort()).toEqual(others.sort());
    expect(out.join('\n')).toMatch(/1 instance failed: .*not authorized to perform: ec2:ModifyInstanceMetadataOptions/);
    expect(out.join('\n')).toContain(`  us-east-1 ${refused}`);
  });

  it('stops a region in which every instance of a batch fails', async () => {
    const ids = addNonCompliant(sandbox, 100);
    const [inOther = ''] = addNonCompliant(sandbox, 1, OTHER);
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'ec2:Modify*', Resource: 'arn:aws:ec2:us-east-1:*' },
      ],
    });

    const run = await enforce('--yes', '--json', '--regions', 'all', '--rate', '50');
    const { failed = [], remaining = [] } = documentOf(run).result ?? {};

    expect(run.exitCode).toBe(1);
    expect(failed.length).toBeLessThanOrEqual(40);
    expect([...idsOf(failed), ...idsOf(remaining)].sort()).toEqual([...ids].sort());
    expect(run.notes.join('\n')).toContain('us-east-1: stopped, because every instance of a batch failed');
    expect(tokensOf(inOther, OTHER)).toBe('required');
  });

  it('retries throttled calls and reports their number', async () => {
    const ids = addNonCompliant(sandbox, 3);
    sandbox.faults.throttles = ({ action, attempt }) => action === 'ModifyInstanceMetadataOptions' && attempt === 1;

    const run = await enforce('--yes', '--json');

    expect(run.exitCode).toBe(0);
    expect(documentOf(run).result?.throttledCalls).toBe(3);
    expect(changed(sandbox).sort()).toEqual(ids.sort());
    expect(run.notes).toContain('EC2 throttled 3 calls, which were retried');
  });
});

describe('the hop limit', () => {
  it('is raised if lower, in the same call as the tokens, and never lowered', async () => {
    const [low, same, high] = [1, 2, 3].map((HttpPutResponseHopLimit) =>
      sandbox.fleet().add(old({ options: { HttpTokens: 'optional', HttpPutResponseHopLimit } })),
    );

    const { out } = await enforce('--hop-limit-at-least', '2', '--yes');

    expect(out).toContain('The hop limit of 1 instance will be raised to 2; none is lowered');
    expect([low, same, high].map((instance) => instance?.options.HttpPutResponseHopLimit)).toEqual([2, 2, 3]);
    expect(changed(sandbox)).toHaveLength(3);
  });

  it('is not lowered if it is raised between the plan and the change', async () => {
    const instance = sandbox.fleet().add(old());
    sandbox.faults.slows = ({ action }) => {
      // The second call is for the decision, the third for the hop limit.
      const describes = sandbox.calls.of('DescribeInstances').length;
      if (action === 'DescribeInstances' && describes === 2) {
        instance.options = { ...instance.options, HttpPutResponseHopLimit: 5 };
      }
      return 0;
    };

    await enforce('--hop-limit-at-least', '2', '--yes');

    expect(instance.options).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 5 });
  });
});

describe('Ctrl-C', () => {
  it.each([1, 20, 39])('after %i changes reports each instance once, and the same command continues', async (after) => {
    const ids = addNonCompliant(sandbox, 100);
    const interrupt = new AbortController();
    let started = 0;
    sandbox.faults.slows = ({ action }) => {
      if (action === 'ModifyInstanceMetadataOptions' && ++started === after) interrupt.abort();
      return 1000;
    };

    const first = await imdsv2(['enforce', '--yes', '--json', '--rate', '5'], { interrupted: interrupt.signal });
    const { remediated, failed, remaining, interrupted } = documentOf(first).result ?? {};
    const done = changed(sandbox);

    expect(first.exitCode).toBe(1);
    expect(interrupted).toBe(true);
    expect(done.length).toBeGreaterThanOrEqual(after);
    expect(done.length).toBeLessThan(ids.length);
    expect(idsOf(remediated).sort()).toEqual([...done].sort());
    expect(failed).toEqual([]);
    expect([...idsOf(remediated), ...idsOf(remaining)].sort()).toEqual([...ids].sort());
    expect(documentOf(first).after).toBeUndefined();
    expect(first.notes.join('\n')).toContain(`Remaining: ${ids.length - done.length} instance`);

    const second = await imdsv2(['enforce', '--yes', '--json']);

    expect(second.exitCode).toBe(0);
    expect(idsOf(documentOf(second).result?.remediated).sort()).toEqual(idsOf(remaining).sort());
    expect(changed(sandbox).sort()).toEqual([...ids].sort());
  });

  it('before the change changes nothing', async () => {
    addNonCompliant(sandbox, 1);
    const interrupted = AbortSignal.abort();

    const { exitCode, notes } = await imdsv2(['enforce', '--yes'], { interrupted });

    expect([exitCode, notes]).toEqual([1, ['imdsv2: interrupted']]);
    expect(changed(sandbox)).toEqual([]);
  });
});

it('shows the progress, the speed and the remaining time', async () => {
  addNonCompliant(sandbox, 4);

  const { progress } = await enforce('--yes', '--rate', '2');

  expect(progress.find((line) => line.includes('0 of 4'))).toBe(`[${'.'.repeat(24)}] 0 of 4, 2 s left`);
  expect(progress.find((line) => line.includes('2 of 4'))).toMatch(
    /^\[#{12}\.{12}\] 2 of 4, .* per second, \d+ s left$/,
  );
  expect(progress.some((line) => line.startsWith(`[${'#'.repeat(24)}] 4 of 4`))).toBe(true);
  expect(progress.at(-1)).toBe('');
});

it('limits changes per second to --rate', async () => {
  addNonCompliant(sandbox, 12);
  const startedAt = sandbox.clock.now();
  const clock = { now: () => new Date(sandbox.clock.now()), sleep: (ms: number) => sandbox.clock.sleep(ms) };

  await imdsv2(['enforce', '--yes', '--rate', '2'], clock);

  const times = sandbox.calls.of('ModifyInstanceMetadataOptions').map(({ at }) => at - startedAt);
  times.forEach((at, index) => expect(at).toBeGreaterThanOrEqual((index / 2) * 1000 - 2));
});
