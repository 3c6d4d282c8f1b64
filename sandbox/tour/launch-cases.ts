import { dayAfter } from '../calendar.ts';
import { type Case, compliant, nonCompliant } from './case.ts';

const OPTIONAL = { MetadataOptions: { HttpTokens: 'optional' } } as const;
const REQUIRED = { MetadataOptions: { HttpTokens: 'required' } } as const;

export const nonCompliantLaunch: Case = {
  title: 'an instance is launched with IMDSv1 enabled',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'web-1' });
    return {
      instances: compliant(id),
      isDone: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'remediated', passes: () => scenario.hasOutcome(id, 'remediated') },
        { what: 'changed once', passes: () => scenario.changes(id) === 1 },
        {
          what: 'the alert names the caller',
          passes: () => /Developer\/ana/.test(scenario.alerts(id)[0]?.email.body ?? ''),
        },
      ],
    };
  },
};

export const compliantLaunch: Case = {
  title: 'an instance is launched with IMDSv2 required',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch(REQUIRED, { Name: 'web-2' });
    return {
      instances: compliant(id),
      isDone: () => scenario.sandbox.events.some((event) => JSON.stringify(event).includes(id)),
      checks: [
        { what: 'its CloudTrail event matched no rule', passes: () => scenario.received('RunInstances', id) === 0 },
        {
          what: 'compliant when its running-state event was processed',
          passes: () => scenario.hasOutcome(id, 'skipped compliant'),
        },
        { what: 'no alert', passes: () => scenario.alerts(id).length === 0 },
      ],
    };
  },
};

export const severalInstances: Case = {
  title: 'five instances are launched in one call; the caller remediates two of them at once',
  play: async (scenario) => {
    const ids = await scenario.launch({ ...OPTIONAL, MinCount: 5 }, { Name: 'worker' });
    const [first = '', second = '', ...remaining] = ids;
    await scenario.modify(first, { HttpTokens: 'required', HttpEndpoint: 'enabled' });
    await scenario.modify(second, { HttpTokens: 'required', HttpEndpoint: 'enabled' });
    return {
      instances: compliant(...ids),
      isDone: () => scenario.alerts(first).length > 0,
      checks: [
        { what: 'one event', passes: () => scenario.received('RunInstances', first) === 1 },
        { what: 'one alert for all five', passes: () => ids.every((id) => scenario.alerts(id).length === 1) },
        {
          what: 'three remediated',
          passes: () => remaining.every((id) => scenario.hasOutcome(id, 'remediated')),
        },
        {
          what: 'two already remediated',
          passes: () => [first, second].every((id) => scenario.hasOutcome(id, 'already-remediated')),
        },
      ],
    };
  },
};

export const endpointDisabled: Case = {
  title: 'an instance is launched with IMDS disabled',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch({ MetadataOptions: { HttpEndpoint: 'disabled' } }, { Name: 'vault' });
    return {
      instances: [{ id, HttpTokens: 'optional', HttpEndpoint: 'disabled' }],
      isDone: () => scenario.hasOutcome(id, 'skipped endpoint-disabled'),
      checks: [
        { what: 'not changed', passes: () => scenario.changes(id) === 0 },
        { what: 'no alert', passes: () => scenario.alerts(id).length === 0 },
      ],
    };
  },
};

export const exemptions: Case = {
  title: 'launches with a valid, an expired and a malformed exemption',
  play: async (scenario) => {
    const day = (days: number) => dayAfter(scenario.sandbox.clock.now(), days);
    const reason = { 'imdsv2:exempt-reason': 'backup agent requires IMDSv1' };
    const [active = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': day(30), ...reason });
    const [expired = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': day(-1) });
    const [malformed = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': 'next summer' });
    const all = [active, expired, malformed];
    return {
      instances: [...nonCompliant(active), ...compliant(expired), ...nonCompliant(malformed)],
      isDone: () => all.every((id) => scenario.alerts(id).length > 0),
      checks: [
        { what: 'valid: exempt', passes: () => scenario.hasOutcome(active, 'exempt exempt-self-granted') },
        { what: 'expired: remediated', passes: () => scenario.hasOutcome(expired, 'remediated') },
        {
          what: 'malformed: needs review',
          passes: () => scenario.hasOutcome(malformed, 'needs-review exemption-malformed'),
        },
        { what: 'one alert for each', passes: () => all.every((id) => scenario.alerts(id).length === 1) },
      ],
    };
  },
};

export const failedLaunch: Case = {
  title: 'EC2 refuses a launch',
  play: async (scenario) => {
    const before = scenario.sandbox.fleet().instances().length;
    const error = await scenario.launch({ ...OPTIONAL, ImageId: 'ami-nonsense' }).catch(({ name }: Error) => name);
    const failures = () => scenario.sandbox.events.filter(({ detail }) => detail['errorCode'] !== undefined);
    return {
      instances: [],
      isDone: () => failures().length > 0,
      checks: [
        { what: 'EC2 returned an error', passes: () => error === 'InvalidAMIID.Malformed' },
        { what: 'no instance was launched', passes: () => scenario.sandbox.fleet().instances().length >= before },
        { what: 'no rule matched', passes: () => scenario.received('RunInstances', 'ami-nonsense') === 0 },
      ],
    };
  },
};

export const autoScaling: Case = {
  title: 'Auto Scaling launches an instance from a launch template',
  play: async (scenario) => {
    const { id: LaunchTemplateId, version } = scenario.sandbox.fleet().addLaunchTemplate({
      id: 'lt-0f1e2d3c4b5a69788',
      name: 'web',
      imageId: 'ami-0aa11bb22cc33dd44',
      options: { HttpTokens: 'optional' },
    });
    const group = { 'aws:autoscaling:groupName': 'web-asg', Name: 'web-asg' };
    const LaunchTemplate = { LaunchTemplateId, Version: version };
    const [id = ''] = await scenario.launch({ LaunchTemplate }, group, 'AKIAAUTOSCALING');
    const alert = () => scenario.alerts(id)[0]?.email.body ?? '';
    return {
      instances: compliant(id),
      isDone: () => scenario.alerts(id).length > 0,
      checks: [
        {
          what: 'the alert names the Auto Scaling group',
          passes: () => alert().includes('Auto Scaling group web-asg'),
        },
        {
          what: 'the launch template and its version',
          passes: () => alert().includes(`${LaunchTemplateId} version ${version}`),
        },
        {
          what: 'and the command that fixes it',
          passes: () => alert().includes('imdsv2 prevent templates'),
        },
      ],
    };
  },
};
