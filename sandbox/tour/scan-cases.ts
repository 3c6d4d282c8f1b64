import { dayFrom, rollBack } from './by-hand.ts';
import { type Case, closed, leftNonCompliant } from './case.ts';
import type { Scenario } from './scenario.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const UNTIL = 'imdsv2:exempt-until';
const UNUSED = ['web-1', 'web-2', 'web-3', 'reports', 'wiki', 'queue'];
/** Unused as well, until it is closed: what speaks IMDSv1 on it had not started for weeks. */
const SLEEPER = 'billing';
const DIGEST = 'imdsv2-enforcer.digest/v1';
const WORKLOAD_IMPACT = 'imdsv2-enforcer.workload-impact/v1';

/** Puts a fleet there that is older than the product. The same seed gives it the same ids. */
export function addOldFleet({ sandbox }: Scenario): void {
  const now = sandbox.clock.now();
  const add = (Name: string, days: number, more: object = {}, tags: Record<string, string> = {}) =>
    sandbox.fleet().add({ launchedAt: new Date(now - days * DAY), tags: { Name, ...tags }, ...more }).id;
  for (const name of [...UNUSED, SLEEPER]) sandbox.usage.set(add(name, 400), { callsPerDay: 0 });
  sandbox.usage.set(add('legacy-erp', 2000), { callsPerDay: 288 });
  const lastSeen = new Date(now - 3 * DAY);
  sandbox.usage.set(add('mail-relay', 900), { callsPerDay: 24, lastSeen });
  sandbox.usage.set(add('batch', 300, { state: 'stopped' }), { callsPerDay: 0, lastSeen });
  add('no-metrics', 100);
  const exemption = { [UNTIL]: dayFrom(now, 5), 'imdsv2:exempt-reason': 'vendor ships the fix in a week' };
  sandbox.usage.set(add('vault', 700, {}, exemption), { callsPerDay: 48 });
  sandbox.usage.set(add('modern', 30, { options: { HttpTokens: 'required' } }), { callsPerDay: 0 });
}

const idsOf = (scenario: Scenario, ...names: readonly string[]): string[] =>
  names.map((name) => scenario.named(name).id);

/** The first act of it: only look. */
export const reported: Case = {
  title: 'an old fleet, existing=audit: the schedule rings, the scan measures and reports',
  play: (scenario) => {
    scenario.sandbox.bus.fire('Schedule');
    const [inUse = '', ended = '', ...unknown] = idsOf(scenario, 'legacy-erp', 'mail-relay', 'batch', 'no-metrics');
    const text = () => scenario.told(DIGEST)[0]?.email.body ?? '';
    const has = (...words: readonly string[]) => words.every((word) => text().includes(word));
    const scene = {
      instances: [...leftNonCompliant(...idsOf(scenario, ...UNUSED, SLEEPER, 'vault'), inUse, ended, ...unknown)],
      done: () => scenario.told(DIGEST).length > 0,
      checks: [
        { what: 'one digest, nothing else', holds: () => scenario.mailbox().length === 1 && text() !== '' },
        { what: 'no call to change anything', holds: () => scenario.tries() === 0 },
        {
          what: 'who uses IMDSv1, how much',
          holds: () => new RegExp(`${inUse} "legacy-erp", \\d+ calls a day`).test(text()),
        },
        { what: 'when it was last seen', holds: () => new RegExp(`${ended} .*calls a day, last seen`).test(text()) },
        {
          what: 'no data is unknown',
          holds: () => unknown.every((id) => new RegExp(`${id} .*use unknown`).test(text())),
        },
        { what: 'an exemption that ends soon', holds: () => has('Exemptions that end within a week') },
        { what: 'what HttpTokensEnforced still needs', holds: () => has('Before HttpTokensEnforced can be') },
        { what: 'nothing is off with the product', holds: () => !has('off with the enforcer') },
      ],
    };
    return Promise.resolve(scene);
  },
};

/** The second: close what is unused. */
export const unusedRemediated: Case = {
  title: 'the same fleet, existing=enforce-when-unused: what is unused is closed, what is used is held and named',
  play: (scenario) => {
    scenario.sandbox.bus.fire('Schedule');
    const unused = idsOf(scenario, ...UNUSED);
    const [sleeper = '', inUse = '', ended = '', exempt = ''] = idsOf(
      scenario,
      SLEEPER,
      'legacy-erp',
      'mail-relay',
      'vault',
    );
    const unknown = idsOf(scenario, 'batch', 'no-metrics');
    const text = () => scenario.told(DIGEST)[0]?.email.body ?? '';
    const scene = {
      instances: [...closed(...unused), ...leftNonCompliant(inUse, ended, exempt, ...unknown)],
      done: () => scenario.told(DIGEST).length > 0,
      checks: [
        { what: 'unused ones closed, once', holds: () => unused.every((id) => scenario.changes(id) === 1) },
        { what: 'told', holds: () => [...unused, sleeper].every((id) => scenario.alerts(id).length > 0) },
        { what: 'used ones held', holds: () => [inUse, ended].every((id) => scenario.hasDecided(id, 'held in-use')) },
        { what: 'unknown ones too', holds: () => unknown.every((id) => scenario.hasDecided(id, 'held usage-unknown')) },
        { what: 'the exempt one was not asked for', holds: () => scenario.decided(exempt).length === 0 },
        { what: 'the digest counts', holds: () => text().includes(`Closed in this run: ${unused.length + 1}`) },
        { what: 'and names who is held', holds: () => [inUse, ended, ...unknown].every((id) => text().includes(id)) },
      ],
    };
    return Promise.resolve(scene);
  },
};

export const broke: Case = {
  title: 'something on one of them still needs IMDSv1: a quarter of an hour after the closing somebody is told',
  play: (scenario) => {
    const { clock, usage } = scenario.sandbox;
    const [id = '', other = ''] = idsOf(scenario, SLEEPER, 'web-1');
    // Its monthly job begins now, calls once a minute and gives up after ten.
    const since = new Date(clock.now());
    usage.set(id, { callsPerDay: 1440, since, lastSeen: new Date(since.getTime() + 10 * MINUTE) });
    const text = () => scenario.told(WORKLOAD_IMPACT)[0]?.email.body ?? '';
    const scene = {
      instances: [],
      done: () => scenario.told(WORKLOAD_IMPACT).length > 0,
      checks: [
        { what: 'it is named', holds: () => text().includes(`${id} "${SLEEPER}"`) },
        {
          what: 'with the number of refused calls',
          holds: () => /\d+ calls without a token were refused/.test(text()),
        },
        { what: 'and the line to undo it', holds: () => text().includes(`imdsv2 rollback ${id} --region us-east-1`) },
        { what: 'no other is', holds: () => !text().includes(other) },
        { what: 'told once', holds: () => scenario.told(WORKLOAD_IMPACT).length === 1 },
        {
          what: 'the metric of the alarm',
          holds: () => scenario.sandbox.metrics().some(({ name }) => name === 'RejectedInstances'),
        },
      ],
    };
    return Promise.resolve(scene);
  },
};

export const rolledBack: Case = {
  title: 'its owner types the line from the alert, for the rest of the day',
  play: async (scenario) => {
    const [id = ''] = idsOf(scenario, SLEEPER);
    const [line = ''] = /imdsv2 rollback .*/.exec(scenario.told(WORKLOAD_IMPACT)[0]?.email.body ?? '') ?? [];
    const exitCode = await rollBack(scenario, line, 'its agent is updated tonight');
    const { HttpTokens } = scenario.named(SLEEPER).options;
    return {
      instances: [],
      done: () => scenario.hasDecided(id, 'exempt'),
      checks: [
        { what: 'the command says that it worked', holds: () => exitCode === 0 },
        { what: 'IMDSv1 answered again', holds: () => HttpTokens === 'optional' },
        { what: 'left alone: exempt', holds: () => scenario.hasDecided(id, 'exempt') },
        {
          what: 'told who allowed it',
          holds: () => scenario.alerts(id).some(({ email }) => /Developer\/ana/.test(email.body)),
        },
      ],
    };
  },
};

export const ranOut: Case = {
  title: 'the agent is updated, the day ends and with it the exemption: the scan of midnight closes it',
  play: (scenario) => {
    const [id = ''] = idsOf(scenario, SLEEPER);
    const digest = () => scenario.told(DIGEST)[1]?.email.body ?? '';
    const scene = {
      instances: closed(id),
      done: () => scenario.told(DIGEST).length > 1,
      checks: [
        { what: 'nobody rang by hand', holds: () => scenario.rings().at(-1)?.endsWith('T00:00:00Z') === true },
        { what: 'closed a second time', holds: () => scenario.changes(id) === 2 },
        {
          what: 'the others not',
          holds: () => idsOf(scenario, ...UNUSED).every((other) => scenario.changes(other) === 1),
        },
        {
          what: 'the first digest of the day tells what was refused',
          holds: () => digest().includes('was refused in the last day'),
        },
      ],
    };
    return Promise.resolve(scene);
  },
};
