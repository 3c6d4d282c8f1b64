import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TAG } from '../../lambda/contract.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { addOpen, changed, enterAws, imdsv2, instanceOf, leaveAws, mutations, old } from '../support/cli.ts';
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

describe('what is closed and what is left alone', () => {
  it('is what the function would decide, and nothing else of an instance changes', async () => {
    const left = [
      old({ options: { HttpTokens: 'required' } }),
      old({ options: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } }),
      old({ operator: { principal: 'eks.amazonaws.com', hiddenByDefault: true } }),
      old({ tags: { [TAG.exemptUntil]: '2026-12-01', [TAG.exemptReason]: 'agent' } }),
      old({ tags: { [TAG.exemptUntil]: 'soon' } }),
      old({ tags: { [TAG.exemptUntil]: '2030-01-01' } }),
      old({ state: 'terminated' }),
    ].map((existing) => sandbox.fleet().add(existing));
    const before = left.map(({ options }) => options);
    const stopped = sandbox.fleet().add(old({ state: 'stopped' }));
    const expired = sandbox.fleet().add(old({ tags: { [TAG.exemptUntil]: '2026-11-21' } }));
    const hops = sandbox.fleet().add(old({ options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 3 } }));

    const { exitCode, out } = await enforce('--yes');

    expect(exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual([stopped.id, expired.id, hops.id].sort());
    expect(left.map(({ options }) => options)).toEqual(before);
    expect(hops.options).toEqual({
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: 3,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    });
    const text = out.join('\n');
    expect(text).toContain('9 instances read, 3 to close');
    expect(text).toMatch(/1 +their exemption is not a date: correct or revoke it +us-east-1 i-/);
    expect(text).toMatch(/IMDSv1 open +5 +2\n/);
    expect(text).toMatch(/pending +0 +3\n/);
  });

  it('only the chosen ids, of the command line and of a file, once each', async () => {
    const [a = '', b = '', c = '', ...others] = addOpen(sandbox, 5);
    const path = file('ids.txt', `\uFEFF# web\r\n${b}\r\n\r\n  ${c.toUpperCase()}  # not lower case\n${a}\n`);

    const { exitCode } = await enforce('--instance-ids', `${a},${b}`, '--instance-ids', a, '--file', path, '--yes');

    expect(exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual([a, b, c].sort());
    expect(others.map((id) => tokensOf(id))).toEqual(['optional', 'optional']);
  });

  it('more ids than one filter takes', async () => {
    const closed = Array.from(
      { length: 410 },
      () => sandbox.fleet().add(old({ options: { HttpTokens: 'required' } })).id,
    );
    const [first = '', last = ''] = addOpen(sandbox, 2);
    const path = file('many.txt', [first, ...closed, last].join('\n'));

    const { before, plan } = documentOf(await enforce('--file', path, '--json', '--yes'));

    expect([before.total.compliant, plan.toRemediate.length]).toEqual([410, 2]);
    expect(changed(sandbox).sort()).toEqual([first, last].sort());
  });

  it('only what passes every filter', async () => {
    const web = sandbox.fleet().add(old({ tags: { team: 'web', stage: 'prod' } }));
    sandbox.fleet().add(old({ tags: { team: 'web', stage: 'test' } }));
    const shop = sandbox.fleet().add(old({ tags: { team: 'shop', stage: 'prod' } }));

    await enforce('--filter', 'Name=tag:team,Values=web,shop', '--filter', 'Name=tag:stage,Values=prod', '--yes');

    expect(changed(sandbox).sort()).toEqual([web.id, shop.id].sort());
  });
});

describe('the question', () => {
  it.each([
    ['nobody can answer', [], 'imdsv2: nobody is there to answer, and nothing was changed: give --yes'],
    ['somebody says no', [false], 'Nothing was changed.'],
  ] as const)('%s → nothing is changed', async (_, confirm, said) => {
    addOpen(sandbox, 2);

    const { exitCode, notes, questions, out } = await imdsv2(['enforce'], { confirm });

    expect(exitCode).toBe(1);
    expect(notes).toEqual([said]);
    expect(questions).toEqual(['Require tokens on 2 instances?']);
    expect(out[0]).toBe('Account 111122223333: 2 instances read, 2 to close');
    expect(mutations(sandbox)).toEqual([]);
  });

  it('yes, and it is done', async () => {
    const ids = addOpen(sandbox, 2);

    expect((await imdsv2(['enforce'], { confirm: [true] })).exitCode).toBe(0);
    expect(changed(sandbox).sort()).toEqual(ids.sort());
  });

  it('is not asked where there is nothing to do', async () => {
    sandbox.fleet().add(old({ options: { HttpTokens: 'required' } }));

    const { exitCode, questions, out } = await enforce();

    expect([exitCode, questions, out.at(-1)]).toEqual([0, [], 'Nothing to close.']);
  });

  it('is asked beside the JSON, which then has the plan alone', async () => {
    addOpen(sandbox, 1);
    const { exitCode, out, notes } = await enforce('--json');
    const { plan, result } = documentOf({ out });

    expect([exitCode, plan.toRemediate.length, result]).toEqual([1, 1, undefined]);
    expect(notes.at(-1)).toContain('--yes');
  });
});

describe('bad input changes nothing, in one line', () => {
  it.each([
    ['an empty file', ['--file', file('empty.txt', '# nothing\n\n')], 'names no instance'],
    ['a malformed line', ['--file', file('bad.txt', 'i-0123456789abcdef0\n\nweb-1 # x\n')], 'bad.txt, line 3: "web-1"'],
    ['no such file', ['--file', join(folder, 'none.txt')], 'none.txt cannot be read: there is no such file'],
    ['a folder', ['--file', folder], 'cannot be read: it is a folder'],
    ['an id that is none', ['--instance-ids', 'i-1'], '"i-1" is not an instance id'],
    ['a filter that is none', ['--filter', 'team=web'], '"team=web" is not a filter'],
    ['ids and a filter', ['--instance-ids', UNKNOWN, '--filter', 'Name=a,Values=b'], '--filter does not go with'],
    ['a rate of none', ['--rate', '0'], 'a whole number from 1 to 50'],
    ['too high a hop limit', ['--hop-limit-at-least', '65'], 'a whole number from 1 to 64'],
    ['an unknown id', ['--instance-ids', UNKNOWN], `EC2 shows no ${UNKNOWN} in us-east-1; nothing was changed`],
    ['a filter that EC2 does not know', ['--filter', 'Name=team,Values=web'], "The filter 'team' is invalid"],
  ])('%s', async (_, args, said) => {
    addOpen(sandbox, 1);

    const { exitCode, notes, out } = await enforce(...args, '--yes');

    expect(exitCode).toBe(1);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(said);
    expect(out).toEqual([]);
    expect(changed(sandbox)).toEqual([]);
  });

  it('an unknown id keeps the known ones from being changed', async () => {
    const [known = ''] = addOpen(sandbox, 1);

    expect((await enforce('--instance-ids', `${known},${UNKNOWN}`, '--yes')).exitCode).toBe(1);
    expect(changed(sandbox)).toEqual([]);
  });

  it('an id may be in any of the regions', async () => {
    const [here = ''] = addOpen(sandbox, 1);
    const [there = ''] = addOpen(sandbox, 1, OTHER);

    expect((await enforce('--instance-ids', `${here},${there}`, '--regions', 'all', '--yes')).exitCode).toBe(0);
    expect([tokensOf(here), tokensOf(there, OTHER)]).toEqual(['required', 'required']);
  });
});
