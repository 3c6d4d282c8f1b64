import { DAY_MS, dayAfter } from '../calendar.ts';
import { type Case, compliant, nonCompliant } from './case.ts';
import { type CommandLine, rollBack } from './command-line.ts';
import type { Scenario } from './scenario.ts';

const MINUTE = 60_000;
const UNTIL = 'imdsv2:exempt-until';
const UNUSED = ['web-1', 'web-2', 'web-3', 'reports', 'wiki', 'queue'];
/** Unused when it is remediated, because the job that calls IMDSv1 runs once a month. */
const MONTHLY_JOB = 'billing';
/** Unused, with an exemption tag that does not count because it exempts for too long. */
const WRONG_TAG = 'for-ever';
const DIGEST = 'imdsv2-enforcer.digest/v1';
const WORKLOAD_IMPACT = 'imdsv2-enforcer.workload-impact/v1';

/** Adds existing instances. Their ids depend on the seed only. */
export function addExistingFleet({ sandbox }: Scenario): void {
  const now = sandbox.clock.now();
  const add = (Name: string, days: number, more: object = {}, tags: Record<string, string> = {}) =>
    sandbox.fleet().add({ launchedAt: new Date(now - days * DAY_MS), tags: { Name, ...tags }, ...more }).id;
  for (const name of [...UNUSED, MONTHLY_JOB]) sandbox.usage.set(add(name, 400), { callsPerDay: 0 });
  sandbox.usage.set(add('legacy-erp', 2000), { callsPerDay: 288 });
  const lastSeen = new Date(now - 3 * DAY_MS);
  sandbox.usage.set(add('mail-relay', 900), { callsPerDay: 24, lastSeen });
  sandbox.usage.set(add('batch', 300, { state: 'stopped' }), { callsPerDay: 0, lastSeen });
  sandbox.usage.delete(add('no-metrics', 100));
  const exemption = { [UNTIL]: dayAfter(now, 5), 'imdsv2:exempt-reason': 'vendor ships the fix in a week' };
  sandbox.usage.set(add('vault', 700, {}, exemption), { callsPerDay: 48 });
  sandbox.usage.set(add(WRONG_TAG, 500, {}, { [UNTIL]: '9999-12-31' }), { callsPerDay: 0 });
  sandbox.usage.set(add('modern', 30, { options: { HttpTokens: 'required' } }), { callsPerDay: 0 });
}

const idsOf = (scenario: Scenario, ...names: readonly string[]): string[] =>
  names.map((name) => scenario.named(name).id);

export const reportOnly: Case = {
  title: 'existing=audit: a scheduled scan runs in report-only mode',
  play: (scenario) => {
    scenario.sandbox.bus.fire('Schedule');
    const [inUse = '', ended = '', ...unknown] = idsOf(scenario, 'legacy-erp', 'mail-relay', 'batch', 'no-metrics');
    const text = () => scenario.messages(DIGEST)[0]?.email.body ?? '';
    const has = (...words: readonly string[]) => words.every((word) => text().includes(word));
    return Promise.resolve({
      instances: [
        ...nonCompliant(...idsOf(scenario, ...UNUSED, MONTHLY_JOB, WRONG_TAG, 'vault'), inUse, ended, ...unknown),
      ],
      isDone: () => scenario.messages(DIGEST).length > 0,
      checks: [
        { what: 'one digest and no alert', passes: () => scenario.mailbox().length === 1 && text() !== '' },
        { what: 'no call to modify an instance', passes: () => scenario.modifyAttempts() === 0 },
        {
          what: 'instances with IMDSv1 in use, and how much',
          passes: () =>
            new RegExp(`${inUse}, IMDSv1 in use: [\\d,]+ calls .* per day.*, name: legacy-erp`).test(text()),
        },
        {
          what: 'when a call was last seen',
          passes: () => new RegExp(`${ended}, .*calls .*, last seen`).test(text()),
        },
        {
          what: 'usage unknown without data',
          passes: () => unknown.every((id) => new RegExp(`${id}, .*usage unknown`).test(text())),
        },
        { what: 'exemptions that expire soon', passes: () => has('Exemptions that expire within a week') },
        { what: 'what prevents HttpTokensEnforced', passes: () => has('Before HttpTokensEnforced can be') },
        { what: 'no deployment health issues', passes: () => !has('Deployment health issues') },
      ],
    });
  },
};

export const unusedRemediated: Case = {
  title: 'existing=enforce-when-unused: a scheduled scan remediates unused instances only',
  play: (scenario) => {
    scenario.sandbox.bus.fire('Schedule');
    const unused = idsOf(scenario, ...UNUSED, WRONG_TAG);
    const [monthlyJob = '', inUse = '', ended = '', exempt = ''] = idsOf(
      scenario,
      MONTHLY_JOB,
      'legacy-erp',
      'mail-relay',
      'vault',
    );
    const unknown = idsOf(scenario, 'batch', 'no-metrics');
    const text = () => scenario.messages(DIGEST)[0]?.email.body ?? '';
    return Promise.resolve({
      instances: [...compliant(...unused), ...nonCompliant(inUse, ended, exempt, ...unknown)],
      isDone: () => scenario.messages(DIGEST).length > 0,
      checks: [
        { what: 'unused: remediated once', passes: () => unused.every((id) => scenario.changes(id) === 1) },
        {
          what: 'with an alert',
          passes: () => [...unused, monthlyJob].every((id) => scenario.alerts(id).length > 0),
        },
        {
          what: 'in use: needs review',
          passes: () => [inUse, ended].every((id) => new RegExp(`${id}, IMDSv1 in use`).test(text())),
        },
        {
          what: 'usage unknown: needs review',
          passes: () => unknown.every((id) => new RegExp(`${id}, .*usage unknown`).test(text())),
        },
        { what: 'exempt: not processed', passes: () => scenario.outcomes(exempt).length === 0 },
        {
          what: 'the digest counts remediations',
          passes: () => text().includes(`Remediated in this scan: ${unused.length + 1}`),
        },
        {
          what: 'and names instances that need review',
          passes: () => [inUse, ended, ...unknown].every((id) => text().includes(id)),
        },
      ],
    });
  },
};

export const workloadImpact: Case = {
  title: 'software on a remediated instance still calls IMDSv1: an alert follows 15 minutes after the remediation',
  play: (scenario) => {
    const { clock, usage } = scenario.sandbox;
    const [id = '', other = ''] = idsOf(scenario, MONTHLY_JOB, 'web-1');
    // The monthly job starts now, calls once a minute and stops after ten minutes.
    const since = new Date(clock.now());
    usage.set(id, { callsPerDay: 1440, since, lastSeen: new Date(since.getTime() + 10 * MINUTE) });
    const text = () => scenario.messages(WORKLOAD_IMPACT)[0]?.email.body ?? '';
    return Promise.resolve({
      instances: [],
      isDone: () => scenario.messages(WORKLOAD_IMPACT).length > 0,
      checks: [
        {
          what: 'the alert names the instance',
          passes: () => text().includes(`${id}: WORKLOAD IMPACT`) && text().includes(`Name: ${MONTHLY_JOB}`),
        },
        {
          what: 'the number of rejected calls',
          passes: () => /\d+ IMDSv1 calls rejected/.test(text()),
        },
        {
          what: 'and the rollback command',
          passes: () => text().includes(`imdsv2 rollback ${id} --region us-east-1`),
        },
        { what: 'but no other instance', passes: () => !text().includes(other) },
        { what: 'one alert', passes: () => scenario.messages(WORKLOAD_IMPACT).length === 1 },
        {
          what: 'the metric of the alarm has a value',
          passes: () => scenario.sandbox.metrics().some(({ name }) => name === 'RejectedInstances'),
        },
      ],
    });
  },
};

export const rolledBack = (imdsv2: CommandLine): Case => ({
  title: 'its owner runs the rollback command of the alert, with an exemption until the end of the day',
  play: async (scenario) => {
    const [id = ''] = idsOf(scenario, MONTHLY_JOB);
    const [command = ''] = /imdsv2 rollback .*/.exec(scenario.messages(WORKLOAD_IMPACT)[0]?.email.body ?? '') ?? [];
    const exitCode = await rollBack(scenario, imdsv2, command, 'its agent is updated tonight');
    const { HttpTokens } = scenario.named(MONTHLY_JOB).options;
    return {
      instances: [],
      isDone: () => scenario.hasOutcome(id, 'exempt'),
      checks: [
        { what: 'the command succeeds', passes: () => exitCode === 0 },
        { what: 'IMDSv1 is enabled again', passes: () => HttpTokens === 'optional' },
        { what: 'exempt', passes: () => scenario.hasOutcome(id, 'exempt') },
        {
          what: 'the alert names the caller',
          passes: () => scenario.alerts(id).some(({ email }) => /Developer\/ana/.test(email.body)),
        },
      ],
    };
  },
});

export const exemptionExpired: Case = {
  title: 'its exemption expires: the scheduled scan at midnight remediates it again',
  play: (scenario) => {
    const [id = ''] = idsOf(scenario, MONTHLY_JOB);
    const digest = () => scenario.messages(DIGEST)[1]?.email.body ?? '';
    return Promise.resolve({
      instances: compliant(id),
      isDone: () => scenario.messages(DIGEST).length > 1,
      checks: [
        {
          what: 'the scan ran on its schedule',
          passes: () => scenario.scheduledAt().at(-1)?.endsWith('T00:00:00Z') === true,
        },
        { what: 'remediated a second time', passes: () => scenario.changes(id) === 2 },
        {
          what: 'other instances not changed again',
          passes: () => idsOf(scenario, ...UNUSED).every((unused) => scenario.changes(unused) === 1),
        },
        {
          what: 'the first digest of the day lists rejected calls',
          passes: () => digest().includes('IMDSv1 calls rejected in the last day'),
        },
      ],
    });
  },
};
