import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { addOpen, changed, enterAws, imdsv2, instanceOf, leaveAws, old } from '../support/cli.ts';
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

describe('what fails does not stop the others', () => {
  it('a region that cannot be read', async () => {
    const [id = ''] = addOpen(sandbox, 1);

    const { exitCode, notes } = await enforce('--regions', `ap-south-1,${HOME}`, '--yes');

    expect(exitCode).toBe(1);
    expect(notes[0]).toMatch(/^ap-south-1 could not be read: AWS does not accept the credentials/);
    expect(tokensOf(id)).toBe('required');
  });

  it('no region that can be read is no plan', async () => {
    const { exitCode, out, notes } = await enforce('--regions', 'ap-south-1', '--yes');

    expect([exitCode, out, notes.length]).toEqual([1, [], 1]);
  });

  it('an id that may be in a region that cannot be read is named, and the others are closed', async () => {
    const [id = ''] = addOpen(sandbox, 1);

    const args = ['--regions', `ap-south-1,${HOME}`, '--instance-ids', `${id},${UNKNOWN}`, '--yes'];
    const { exitCode, notes } = await enforce(...args);

    expect(exitCode).toBe(1);
    expect(notes).toContain(`EC2 shows no ${UNKNOWN} in ${HOME}`);
    expect(tokensOf(id)).toBe('required');
  });

  it('an instance that EC2 refuses', async () => {
    const [bad = '', ...good] = addOpen(sandbox, 3);
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'ec2:Modify*', Resource: `*${bad}` },
      ],
    });

    const { exitCode, out } = await enforce('--yes');

    expect(exitCode).toBe(1);
    expect(changed(sandbox).sort()).toEqual(good.sort());
    expect(out.join('\n')).toMatch(/1 instance failed: .*not authorized to perform: ec2:ModifyInstanceMetadataOptions/);
    expect(out.join('\n')).toContain(`  us-east-1 ${bad}`);
  });

  it('a missing permission is found out soon, and the rest of the region is not begun', async () => {
    const ids = addOpen(sandbox, 100);
    const [there = ''] = addOpen(sandbox, 1, OTHER);
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'ec2:Modify*', Resource: 'arn:aws:ec2:us-east-1:*' },
      ],
    });

    const run = await enforce('--yes', '--json', '--regions', 'all', '--rate', '50');
    const { failed = [], notDone = [] } = documentOf(run).result ?? {};

    expect(run.exitCode).toBe(1);
    expect(failed.length).toBeLessThanOrEqual(40);
    expect([...idsOf(failed), ...idsOf(notDone)].sort()).toEqual([...ids].sort());
    expect(run.notes.join('\n')).toContain('us-east-1: one after the other failed, so the rest was not begun');
    expect(tokensOf(there, OTHER)).toBe('required');
  });

  it('throttling: it is waited out, and said', async () => {
    const ids = addOpen(sandbox, 3);
    sandbox.faults.throttles = ({ action, attempt }) => action === 'ModifyInstanceMetadataOptions' && attempt === 1;

    const run = await enforce('--yes', '--json');

    expect(run.exitCode).toBe(0);
    expect(documentOf(run).result?.throttledCalls).toBe(3);
    expect(changed(sandbox).sort()).toEqual(ids.sort());
    expect(run.notes).toContain('EC2 throttled 3 calls; they were tried again');
  });
});

describe('the hop limit', () => {
  it('is raised where it is lower, along with the tokens and in the same call, and never lowered', async () => {
    const [low, same, high] = [1, 2, 3].map((HttpPutResponseHopLimit) =>
      sandbox.fleet().add(old({ options: { HttpTokens: 'optional', HttpPutResponseHopLimit } })),
    );

    const { out } = await enforce('--hop-limit-at-least', '2', '--yes');

    expect(out).toContain('The hop limit of 1 instance will be raised to 2; none is lowered');
    expect([low, same, high].map((instance) => instance?.options.HttpPutResponseHopLimit)).toEqual([2, 2, 3]);
    expect(changed(sandbox)).toHaveLength(3);
  });

  it('that somebody raises between the plan and the change stays as they set it', async () => {
    const instance = sandbox.fleet().add(old());
    sandbox.faults.slows = ({ action }) => {
      // The second describe is that of the decision, the third that of the hop limit.
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

describe('Ctrl-C in the middle', () => {
  it.each([1, 20, 39])(
    'after %i changes loses and doubles nothing, and the same again does the rest',
    async (after) => {
      const ids = addOpen(sandbox, 60);
      const interrupt = new AbortController();
      let begun = 0;
      sandbox.faults.slows = ({ action }) => {
        if (action === 'ModifyInstanceMetadataOptions' && ++begun === after) interrupt.abort();
        return 1000;
      };

      const first = await imdsv2(['enforce', '--yes', '--json', '--rate', '5'], { interrupted: interrupt.signal });
      const { closed, failed, notDone, interrupted } = documentOf(first).result ?? {};
      const done = changed(sandbox);

      expect(first.exitCode).toBe(1);
      expect(interrupted).toBe(true);
      expect(done.length).toBeGreaterThanOrEqual(after);
      expect(done.length).toBeLessThan(ids.length);
      expect(idsOf(closed).sort()).toEqual([...done].sort());
      expect(failed).toEqual([]);
      expect([...idsOf(closed), ...idsOf(notDone)].sort()).toEqual([...ids].sort());
      expect(documentOf(first).after).toBeUndefined();
      expect(first.notes.join('\n')).toContain(`Not done: ${60 - done.length} instance`);

      const second = await imdsv2(['enforce', '--yes', '--json']);

      expect(second.exitCode).toBe(0);
      expect(idsOf(documentOf(second).result?.closed).sort()).toEqual(idsOf(notDone).sort());
      expect(changed(sandbox).sort()).toEqual([...ids].sort());
    },
  );

  it('before the answer changes nothing', async () => {
    addOpen(sandbox, 1);
    const interrupted = AbortSignal.abort();

    const { exitCode, notes } = await imdsv2(['enforce', '--yes'], { interrupted });

    expect([exitCode, notes]).toEqual([1, ['imdsv2: interrupted']]);
    expect(changed(sandbox)).toEqual([]);
  });
});

it('shows how far it is, how fast and how long it will take', async () => {
  addOpen(sandbox, 4);

  const { progress } = await enforce('--yes', '--rate', '2');

  expect(progress.find((line) => line.includes('0 of 4'))).toBe(`[${'.'.repeat(24)}] 0 of 4, 2 s left`);
  expect(progress.find((line) => line.includes('2 of 4'))).toMatch(
    /^\[#{12}\.{12}\] 2 of 4, .* per second, \d+ s left$/,
  );
  expect(progress.some((line) => line.startsWith(`[${'#'.repeat(24)}] 4 of 4`))).toBe(true);
  expect(progress.at(-1)).toBe('');
});

it('keeps to the rate: no more changes than that many a second', async () => {
  addOpen(sandbox, 12);
  const begun = sandbox.clock.now();
  const clock = { now: () => new Date(sandbox.clock.now()), sleep: (ms: number) => sandbox.clock.sleep(ms) };

  await imdsv2(['enforce', '--yes', '--rate', '2'], clock);

  const times = sandbox.calls.of('ModifyInstanceMetadataOptions').map(({ at }) => at - begun);
  times.forEach((at, index) => expect(at).toBeGreaterThanOrEqual((index / 2) * 1000 - 2));
});
