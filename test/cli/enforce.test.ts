import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TAG } from '../../lambda/contract.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { addNonCompliant, changed, enterAws, imdsv2, instanceOf, leaveAws, mutations, old } from '../support/cli.ts';
import { documentOf } from '../support/enforce.ts';
import { NOW } from '../support/builders.ts';

const HOME = 'us-east-1';
const OTHER = 'eu-west-1';
const UNKNOWN = 'i-0123456789abcdef0';

const folder = mkdtempSync(join(tmpdir(), 'enforce-test-'));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [HOME, OTHER], startAt: NOW, timing: { toApplied: 1e9 } });
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(() => {
  leaveAws();
  rmSync(folder, { recursive: true });
});

const enforce = async (...args: readonly string[]) => imdsv2(['enforce', ...args]);
const tokensOf = (id: string, region?: string) => instanceOf(sandbox, id, region).options.HttpTokens;

describe('remediates', () => {
  it('the instances that the function would remediate, and changes nothing else of them', async () => {
    const unchanged = [
      old({ options: { HttpTokens: 'required' } }),
      old({ options: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } }),
      old({ operator: { principal: 'eks.amazonaws.com', hiddenByDefault: true } }),
      old({ tags: { [TAG.exemptUntil]: '2026-12-01', [TAG.exemptReason]: 'agent' } }),
      old({ state: 'terminated' }),
    ].map((existing) => sandbox.fleet().add(existing));
    const before = unchanged.map(({ options }) => options);
    const wrong = ['soon', '2030-01-01'].map((until) =>
      sandbox.fleet().add(old({ tags: { [TAG.exemptUntil]: until } })),
    );
    const expired = sandbox.fleet().add(old({ tags: { [TAG.exemptUntil]: '2026-11-21' } }));
    const hops = sandbox.fleet().add(old({ options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 3 } }));

    const { exitCode, out } = await enforce('--yes');

    expect(exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual([...wrong, expired, hops].map(({ id }) => id).sort());
    expect(unchanged.map(({ options }) => options)).toEqual(before);
    expect(hops.options).toEqual({
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: 3,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    });
    const text = out.join('\n');
    expect(text).toContain('8 instances read, 4 to remediate');
    expect(text).toMatch(/^Exemption tags that are wrong exempt nothing: us-east-1 i-\w+, us-east-1 i-\w+$/m);
    expect(text).toMatch(/IMDSv1 enabled +4 +0\n/);
    expect(text).toMatch(/pending +0 +4$/m);
  });

  it('only the selected ids, of options and of a file, once each', async () => {
    const [a = '', b = '', c = '', ...others] = addNonCompliant(sandbox, 5);
    const path = file('ids.txt', `\uFEFF# web\r\n${b}\r\n\r\n  ${c.toUpperCase()}  # not lower case\n${a}\n`);

    const { exitCode } = await enforce('--instance-ids', `${a},${b}`, '--instance-ids', a, '--file', path, '--yes');

    expect(exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual([a, b, c].sort());
    expect(others.map((id) => tokensOf(id))).toEqual(['optional', 'optional']);
  });

  it('more ids than one filter takes', async () => {
    const compliant = Array.from(
      { length: 410 },
      () => sandbox.fleet().add(old({ options: { HttpTokens: 'required' } })).id,
    );
    const [first = '', last = ''] = addNonCompliant(sandbox, 2);
    const path = file('many.txt', [first, ...compliant, last].join('\n'));

    const { before, plan } = documentOf(await enforce('--file', path, '--json', '--yes'));

    expect([before.total.compliant, plan.toRemediate.length]).toEqual([410, 2]);
    expect(changed(sandbox).sort()).toEqual([first, last].sort());
  });

  it('only instances that match every filter', async () => {
    const web = sandbox.fleet().add(old({ tags: { team: 'web', stage: 'prod' } }));
    sandbox.fleet().add(old({ tags: { team: 'web', stage: 'test' } }));
    const shop = sandbox.fleet().add(old({ tags: { team: 'shop', stage: 'prod' } }));

    await enforce('--filter', 'Name=tag:team,Values=web,shop', '--filter', 'Name=tag:stage,Values=prod', '--yes');

    expect(changed(sandbox).sort()).toEqual([web.id, shop.id].sort());
  });
});

describe('the confirmation', () => {
  it.each([
    ['without a terminal', [], 'imdsv2: Not a terminal, cannot prompt. Nothing was changed. Re-run with --yes.'],
    ['answered with no', [false], 'Nothing was changed.'],
  ] as const)('changes nothing %s', async (_, confirm, note) => {
    addNonCompliant(sandbox, 2);

    const { exitCode, notes, questions, out } = await imdsv2(['enforce'], { confirm });

    expect(exitCode).toBe(1);
    expect(notes).toEqual([note]);
    expect(questions).toEqual(['Require IMDSv2 on 2 instances?']);
    expect(out[0]).toBe('Account 111122223333: 2 instances read, 2 to remediate');
    expect(mutations(sandbox)).toEqual([]);
  });

  it('answered with yes remediates the instances', async () => {
    const ids = addNonCompliant(sandbox, 2);

    expect((await imdsv2(['enforce'], { confirm: [true] })).exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual(ids.sort());
  });

  it('is not needed if there is nothing to remediate', async () => {
    sandbox.fleet().add(old({ options: { HttpTokens: 'required' } }));

    const { exitCode, questions, out } = await enforce();

    expect([exitCode, questions, out.at(-1)]).toEqual([0, [], 'Nothing to remediate.']);
  });

  it('is needed with --json, which prints only the plan without it', async () => {
    addNonCompliant(sandbox, 1);
    const { exitCode, out, notes } = await enforce('--json');
    const { plan, result } = documentOf({ out });

    expect([exitCode, plan.toRemediate.length, result]).toEqual([1, 1, undefined]);
    expect(notes.at(-1)).toContain('--yes');
  });
});

describe('invalid input changes nothing and is one line', () => {
  it.each([
    ['an empty file', ['--file', file('empty.txt', '# nothing\n\n')], 'has no instance id'],
    ['a malformed line', ['--file', file('bad.txt', 'i-0123456789abcdef0\n\nweb-1 # x\n')], 'bad.txt, line 3: "web-1"'],
    ['no such file', ['--file', join(folder, 'none.txt')], 'none.txt does not exist'],
    ['a directory', ['--file', folder], 'is a directory'],
    ['an invalid id', ['--instance-ids', 'i-1'], '"i-1" is not an instance id'],
    ['an invalid filter', ['--filter', 'team=web'], '"team=web" is not a filter'],
    [
      'ids and a filter',
      ['--instance-ids', UNKNOWN, '--filter', 'Name=a,Values=b'],
      '--filter cannot be combined with',
    ],
    ['a rate of zero', ['--rate', '0'], 'a whole number from 1 to 50'],
    ['too high a hop limit', ['--hop-limit-at-least', '65'], 'a whole number from 1 to 64'],
    ['an unknown id', ['--instance-ids', UNKNOWN], `instance ${UNKNOWN} not found in us-east-1; nothing was changed`],
    ['a filter that EC2 does not know', ['--filter', 'Name=team,Values=web'], "The filter 'team' is invalid"],
  ])('%s', async (_, args, problem) => {
    addNonCompliant(sandbox, 1);

    const { exitCode, notes, out } = await enforce(...args, '--yes');

    expect(exitCode).toBe(1);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(problem);
    expect(out).toEqual([]);
    expect(changed(sandbox)).toEqual([]);
  });

  it('changes nothing if one of several ids is unknown', async () => {
    const [known = ''] = addNonCompliant(sandbox, 1);

    expect((await enforce('--instance-ids', `${known},${UNKNOWN}`, '--yes')).exitCode).toBe(1);
    expect(changed(sandbox)).toEqual([]);
  });

  it('finds ids in any of the regions', async () => {
    const [inHome = ''] = addNonCompliant(sandbox, 1);
    const [inOther = ''] = addNonCompliant(sandbox, 1, OTHER);

    expect((await enforce('--instance-ids', `${inHome},${inOther}`, '--regions', 'all', '--yes')).exitCode).toBe(0);
    expect([tokensOf(inHome), tokensOf(inOther, OTHER)]).toEqual(['required', 'required']);
  });
});
