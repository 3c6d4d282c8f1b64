import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { changed, enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { documentOf, idsOf } from '../support/enforce.ts';
import { NOW } from '../support/builders.ts';

const HOME = 'us-east-1';

let sandbox: Sandbox;
let [unused, inUse, stopped, lost]: string[] = [];

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [HOME], startAt: NOW });
  enterAws(sandbox);
  [unused, inUse, stopped, lost] = [{}, {}, { state: 'stopped' as const }, {}].map(
    (over, index) => sandbox.fleet().add(old({ ...over, tags: { Name: `n-${index}` } })).id,
  );
  sandbox.usage.set(inUse ?? '', { callsPerDay: 290 });
  sandbox.usage.delete(lost ?? '');
});
afterEach(stopAll);
afterAll(leaveAws);

const enforce = async (...args: readonly string[]) => imdsv2(['enforce', ...args]);

describe('enforce measures usage before it changes anything (8)', () => {
  it('leaves out instances with IMDSv1 in use or unknown usage, and lists them', async () => {
    const { exitCode, out, questions } = await imdsv2(['enforce'], { confirm: [true] });

    expect(exitCode).toBe(2);
    expect(changed(sandbox)).toEqual([unused]);
    expect(questions).toEqual(['Require IMDSv2 on 1 instance?']);
    const text = out.join('\n');
    expect(text).toContain('4 instances read, 1 to remediate');
    expect(text).toContain('Left out; --include-in-use and --include-unknown remediate them, too: 3');
    expect(text).toMatch(new RegExp(`${inUse} .*in use: 4,0\\d\\d calls without a token, about 290 per day`));
    expect(text).toMatch(new RegExp(`${stopped} .*unknown: not running`));
    expect(text).toMatch(new RegExp(`${lost} .*unknown: no data in CloudWatch`));
    expect(text.indexOf(inUse ?? '')).toBeLessThan(text.indexOf(stopped ?? ''));
  });

  it.each<readonly [readonly string[], () => (string | undefined)[], string, 0 | 2]>([
    [['--include-in-use'], () => [unused, inUse], '2 instances (1 with IMDSv1 in use)', 2],
    [['--include-unknown'], () => [unused, stopped, lost], '3 instances (2 of unknown usage)', 2],
    [
      ['--include-in-use', '--include-unknown'],
      () => [unused, inUse, stopped, lost],
      '4 instances (1 with IMDSv1 in use, 2 of unknown usage)',
      0,
    ],
  ])('changes them with %j, and says so in the question', async (flags, ids, asked, code) => {
    const { exitCode, questions, out } = await imdsv2(['enforce', ...flags], { confirm: [true] });

    expect(questions).toEqual([`Require IMDSv2 on ${asked}?`]);
    expect(changed(sandbox).toSorted()).toEqual(ids().toSorted());
    expect(out.join('\n')).toContain('Included, although IMDSv1 is in use or its usage is unknown');
    expect(exitCode).toBe(code);
  });

  it('leaves out everything if CloudWatch cannot be read, and says why', async () => {
    sandbox.faults.fails = ({ action }) => (action === 'GetMetricData' ? 'InternalError' : undefined);

    const { exitCode, notes, out } = await enforce('--yes');

    expect([exitCode, changed(sandbox)]).toEqual([2, []]);
    expect(notes[0]).toMatch(/^us-east-1: IMDSv1 usage could not be measured: /);
    expect(out.at(-1)).toBe('Nothing to remediate but what was left out.');
  });

  it('uses the rules of the options', async () => {
    const launchedAt = new Date(NOW.getTime() - 2 * 86_400_000);
    const { id } = sandbox.fleet().add(old({ launchedAt }));
    const select = ['--instance-ids', id, '--dry-run', '--json'];

    expect(documentOf(await enforce(...select)).plan.toRemediate).toHaveLength(1);
    expect(documentOf(await enforce(...select, '--minimum-age-days', '7')).plan.leftOut).toMatchObject([
      { instanceId: id, usage: { kind: 'unknown', why: 'too-young' } },
    ]);
  });

  it('lists all of them in the JSON document', async () => {
    const { plan } = documentOf(await enforce('--json', '--yes', '--include-in-use'));

    expect(plan.leftOut).toMatchObject([
      { region: HOME, instanceId: stopped, reason: 'usage-unknown', usage: { kind: 'unknown', why: 'stopped' } },
      { region: HOME, instanceId: lost, reason: 'usage-unknown', usage: { kind: 'unknown', why: 'no-data' } },
    ]);
    expect(plan.included).toMatchObject([{ instanceId: inUse, reason: 'in-use', usage: { kind: 'in-use' } }]);
  });
});

describe('--dry-run (8)', () => {
  it('prints the plan, asks nothing and changes nothing', async () => {
    const { exitCode, out, questions } = await enforce('--dry-run');

    expect([exitCode, questions, mutations(sandbox)]).toEqual([2, [], []]);
    expect(out.join('\n')).toContain('4 instances read, 1 to remediate');
    expect(out.at(-1)).toBe('Dry run: nothing was changed.');
  });

  it('has the plan and no result in the JSON document, even with --yes', async () => {
    const run = await enforce('--dry-run', '--yes', '--json');

    expect(idsOf(documentOf(run).plan.toRemediate as { instanceId: string }[])).toEqual([unused]);
    expect(documentOf(run).result).toBeUndefined();
    expect(mutations(sandbox)).toEqual([]);
  });

  it('returns 0 if there is nothing to remediate', async () => {
    const { id } = sandbox.fleet().add(old({ options: { HttpTokens: 'required' } }));
    expect((await enforce('--dry-run', '--instance-ids', id)).exitCode).toBe(0);
  });
});
