import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { NOW } from '../support/builders.ts';
import { changed, enterAws, imdsv2, leaveAws, old } from '../support/cli.ts';

const DAY = 86_400_000;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: NOW });
  enterAws(sandbox);
});
afterEach(async () => {
  leaveAws();
  await sandbox.stop();
});

const addGroup = (count: number, group = 'web') =>
  Array.from({ length: count }, () => sandbox.fleet().add(old({ tags: { 'aws:autoscaling:groupName': group } })).id);
const enforce = async (...args: readonly string[]) => {
  const before = changed(sandbox).length;
  const { exitCode, out, notes } = await imdsv2(['enforce', '--yes', '--rate', '50', ...args]);
  return { exitCode, text: [...out, ...notes].join('\n'), changes: changed(sandbox).length - before };
};

it('changes five instances of a launch source, then a quarter, then the rest', async () => {
  addGroup(24);

  const first = await enforce();
  expect(first).toMatchObject({ exitCode: 2, changes: 5 });
  expect(first.text).toMatch(/19 +a later share of the launch source/);

  expect(await enforce()).toMatchObject({ exitCode: 2, changes: 1 });
  expect(await enforce()).toMatchObject({ exitCode: 0, changes: 18 });
});

it('changes everything at once with --all-at-once, and what was selected by id', async () => {
  const ids = addGroup(7);
  expect(await enforce('--instance-ids', ids.slice(0, 6).join(','))).toMatchObject({ exitCode: 0, changes: 6 });

  addGroup(8, 'db');
  expect(await enforce('--all-at-once')).toMatchObject({ exitCode: 0, changes: 9 });
});

it('changes nothing more of a launch source while calls are rejected on one of its instances', async () => {
  const [broken = ''] = addGroup(12);
  const other = addGroup(2, 'db');
  const instance = sandbox.fleet().get(broken);
  if (instance === undefined) throw new Error('no instance');
  const until = sandbox.clock.now() - DAY / 2;
  instance.earlierOptions = [{ options: instance.options, until }];
  instance.options = { ...instance.options, HttpTokens: 'required' };
  // Its calls began after the change, so that the group was measured as unused.
  sandbox.usage.set(broken, { callsPerDay: 288, since: new Date(until) });

  const { exitCode, text } = await enforce();

  expect(exitCode).toBe(2);
  expect(text).toMatch(/11 +IMDSv1 calls are rejected on another instance of the launch source/);
  expect(changed(sandbox).sort()).toEqual(other.sort());
});
