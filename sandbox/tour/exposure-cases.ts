import { DAY_MS, dayAfter } from '../calendar.ts';
import { type Case, compliant, nonCompliant } from './case.ts';
import { type CommandLine, runCommand } from './command-line.ts';
import type { Scenario } from './scenario.ts';

const UNTIL = 'imdsv2:exempt-until';
const REQUIRED = { MetadataOptions: { HttpTokens: 'required' } } as const;

// The forms in which options are changed: AWS requires the endpoint beside hop limit and IPv6; Terraform sends all.
const HOP_LIMIT = { HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' };
const IPV6 = { HttpProtocolIpv6: 'enabled', HttpEndpoint: 'enabled' };
const ALL = {
  HttpTokens: 'optional',
  HttpEndpoint: 'enabled',
  HttpPutResponseHopLimit: 1,
  HttpProtocolIpv6: 'disabled',
};

/** Adds a running instance of 2021. */
const addOld = ({ sandbox }: Scenario, Name: string, options: object) =>
  sandbox.fleet().add({ launchedAt: new Date('2021-03-01T08:00:00Z'), options, tags: { Name } });

const severityOf = (scenario: Scenario, id: string) => scenario.alerts(id)[0]?.attributes['severity']?.StringValue;

export const harmlessEdits: Case = {
  title: 'existing instances get another hop limit, IPv6, or all options as they were',
  play: async (scenario) => {
    const edits = [HOP_LIMIT, IPV6, ALL];
    const ids = edits.map((_, index) => addOld(scenario, `old-${index + 1}`, { HttpTokens: 'optional' }).id);
    for (const [index, id] of ids.entries()) await scenario.modify(id, edits[index] ?? {}, 'AKIAPIPELINE');
    return {
      instances: [
        { id: ids[0] ?? '', HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
        ...nonCompliant(...ids.slice(1)),
      ],
      isDone: () => ids.every((id) => scenario.outcomes(id).length > 0),
      checks: [
        {
          what: 'existing: IMDSv1 was enabled before',
          passes: () => ids.every((id) => scenario.hasOutcome(id, 'needs-review existing-instance')),
        },
        { what: 'nothing is changed', passes: () => ids.every((id) => scenario.changes(id) === 0) },
        { what: 'no alert', passes: () => ids.every((id) => scenario.alerts(id).length === 0) },
      ],
    };
  },
};

export const switchedOn: Case = {
  title: 'the same calls enable IMDSv1: IMDS was disabled, or IMDSv2 was required',
  play: async (scenario) => {
    const off = [HOP_LIMIT, IPV6, ALL].map((call, index) => {
      const options = { HttpTokens: 'optional', HttpEndpoint: 'disabled' };
      return { call, id: addOld(scenario, `off-${index + 1}`, options).id };
    });
    const lastWeek = scenario.sandbox.clock.now() - 7 * DAY_MS;
    const remediated = addOld(scenario, 'remediated', { HttpTokens: 'required' });
    remediated.earlierOptions = [{ options: { ...remediated.options, HttpTokens: 'optional' }, until: lastWeek }];
    const { id: required } = addOld(scenario, 'required', { HttpTokens: 'required' });
    const calls = [...off, { call: ALL, id: remediated.id }, { call: ALL, id: required }];
    for (const { id, call } of calls) await scenario.modify(id, call, 'AKIAPIPELINE');
    const ids = calls.map(({ id }) => id);
    return {
      instances: compliant(...ids),
      isDone: () => ids.every((id) => scenario.alerts(id).length > 0),
      checks: [
        { what: 'remediated', passes: () => ids.every((id) => scenario.hasOutcome(id, 'remediated')) },
        { what: 'changed once', passes: () => ids.every((id) => scenario.changes(id) === 1) },
        { what: 'severity HIGH', passes: () => ids.every((id) => severityOf(scenario, id) === 'HIGH') },
      ],
    };
  },
};

export const launchedWithExemption: Case = {
  title:
    'exemption tags come with launches: on a compliant instance that drifts later, and with values that do not count',
  play: async (scenario) => {
    const launch = async (until: string, options = {}) => {
      const [id = ''] = await scenario.launch(options, { [UNTIL]: until });
      return id;
    };
    const inDate = await launch(dayAfter(scenario.sandbox.clock.now(), 30), REQUIRED);
    const wrong = [await launch('9999-12-31'), await launch('next year'), await launch('')];
    // In one batch with the launch, the two would be one outcome.
    while (scenario.outcomes(inDate).length === 0) await scenario.sandbox.clock.sleep(1000);
    await scenario.modify(inDate, ALL, 'AKIAPIPELINE');
    const severities = (id: string) =>
      scenario
        .outcomes(id)
        .filter(({ status }) => status === 'exempt')
        .map(({ trigger, severity }) => `${trigger} ${severity}`);
    return {
      instances: nonCompliant(inDate, ...wrong),
      isDone: () => severities(inDate).length > 1 && wrong.every((id) => scenario.alerts(id).length > 0),
      checks: [
        {
          what: 'in date: HIGH at the launch and at the drift',
          passes: () => ['launch HIGH', 'drift HIGH'].every((one) => severities(inDate).includes(one)),
        },
        { what: 'with an alert', passes: () => scenario.alerts(inDate).length > 0 },
        {
          what: 'the others need review, which is HIGH',
          passes: () => wrong.every((id) => severityOf(scenario, id) === 'HIGH'),
        },
      ],
    };
  },
};

export const enforcedByHand = (imdsv2: CommandLine): Case => ({
  title: 'imdsv2 enforce for an instance that has IMDSv1 in use, first without and then with --include-in-use',
  play: async (scenario) => {
    const { id } = addOld(scenario, 'intranet', { HttpTokens: 'optional' });
    scenario.sandbox.usage.set(id, { callsPerDay: 290 });
    const enforce = ['enforce', '--instance-ids', id, '--yes'];
    const exitCode = await runCommand(scenario, imdsv2, enforce);
    const leftOut = scenario.instance(id).options.HttpTokens;
    const exitCodeIncluded = await runCommand(scenario, imdsv2, [...enforce, '--include-in-use']);
    return {
      instances: compliant(id),
      isDone: () => true,
      checks: [
        { what: 'left out, with exit code 2', passes: () => exitCode === 2 && leftOut === 'optional' },
        { what: 'remediated when it is included', passes: () => exitCodeIncluded === 0 },
        {
          what: 'a post-change check is scheduled',
          passes: () => JSON.stringify(scenario.sandbox.queue('CheckQueue').messages()).includes(id),
        },
      ],
    };
  },
});
