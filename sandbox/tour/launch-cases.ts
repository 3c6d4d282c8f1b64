import { type Case, closed, leftNonCompliant } from './case.ts';

const OPTIONAL = { MetadataOptions: { HttpTokens: 'optional' } } as const;
const REQUIRED = { MetadataOptions: { HttpTokens: 'required' } } as const;
const DAY = 86_400_000;

export const launched: Case = {
  title: 'one instance is launched with IMDSv1',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'web-1' });
    return {
      instances: closed(id),
      done: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'remediated', holds: () => scenario.hasDecided(id, 'remediated') },
        { what: 'changed once', holds: () => scenario.changes(id) === 1 },
        {
          what: 'the alert names the caller',
          holds: () => /Developer\/ana/.test(scenario.alerts(id)[0]?.email.body ?? ''),
        },
      ],
    };
  },
};

export const compliant: Case = {
  title: 'a compliant launch',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch(REQUIRED, { Name: 'web-2' });
    return {
      instances: closed(id),
      done: () => scenario.sandbox.events.some((event) => JSON.stringify(event).includes(id)),
      checks: [
        { what: 'no rule invoked the function', holds: () => scenario.invokedBy('RunInstances', id) === 0 },
        {
          what: 'the running-state batch found it compliant',
          holds: () => scenario.hasDecided(id, 'skipped compliant'),
        },
        { what: 'that batch asked EC2 once', holds: () => scenario.describesInBatch(id) === 1 },
        { what: 'nobody was told', holds: () => scenario.alerts(id).length === 0 },
      ],
    };
  },
};

export const several: Case = {
  title: 'five instances in one call; their owner closes two of them at once',
  play: async (scenario) => {
    const ids = await scenario.launch({ ...OPTIONAL, MinCount: 5 }, { Name: 'worker' });
    const [first = '', second = '', ...open] = ids;
    await scenario.modify(first, { HttpTokens: 'required', HttpEndpoint: 'enabled' });
    await scenario.modify(second, { HttpTokens: 'required', HttpEndpoint: 'enabled' });
    return {
      instances: closed(...ids),
      done: () => scenario.alerts(first).length > 0,
      checks: [
        { what: 'one event', holds: () => scenario.invokedBy('RunInstances', first) === 1 },
        { what: 'one message for all five', holds: () => ids.every((id) => scenario.alerts(id).length === 1) },
        { what: 'three remediated', holds: () => open.every((id) => scenario.hasDecided(id, 'remediated')) },
        {
          what: 'two found closed',
          holds: () => [first, second].every((id) => scenario.hasDecided(id, 'already-remediated')),
        },
      ],
    };
  },
};

export const endpointDisabled: Case = {
  title: 'a launch with IMDS switched off',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch({ MetadataOptions: { HttpEndpoint: 'disabled' } }, { Name: 'vault' });
    return {
      instances: [{ id, HttpTokens: 'optional', HttpEndpoint: 'disabled' }],
      done: () => scenario.hasDecided(id, 'skipped endpoint-disabled'),
      checks: [
        { what: 'left alone', holds: () => scenario.changes(id) === 0 },
        { what: 'nobody was told', holds: () => scenario.alerts(id).length === 0 },
      ],
    };
  },
};

export const exemptions: Case = {
  title: 'an exemption in date, one that has expired, one that cannot be read',
  play: async (scenario) => {
    const day = (days: number) => new Date(scenario.sandbox.clock.now() + days * DAY).toISOString().slice(0, 10);
    const reason = { 'imdsv2:exempt-reason': 'backup agent speaks IMDSv1' };
    const [active = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': day(30), ...reason });
    const [expired = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': day(-1) });
    const [malformed = ''] = await scenario.launch(OPTIONAL, { 'imdsv2:exempt-until': 'next summer' });
    const all = [active, expired, malformed];
    return {
      instances: [...leftNonCompliant(active), ...closed(expired), ...leftNonCompliant(malformed)],
      done: () => all.every((id) => scenario.alerts(id).length > 0),
      checks: [
        { what: 'in date: left alone', holds: () => scenario.hasDecided(active, 'exempt exempt-self-granted') },
        { what: 'expired: remediated', holds: () => scenario.hasDecided(expired, 'remediated') },
        { what: 'malformed: held', holds: () => scenario.hasDecided(malformed, 'held exemption-malformed') },
        { what: 'each told once', holds: () => all.every((id) => scenario.alerts(id).length === 1) },
      ],
    };
  },
};

export const failed: Case = {
  title: 'a launch that fails',
  play: async (scenario) => {
    const before = scenario.sandbox.fleet().instances().length;
    const failed = await scenario.launch({ ...OPTIONAL, ImageId: 'ami-nonsense' }).catch((error: Error) => error.name);
    const failures = () => scenario.sandbox.events.filter(({ detail }) => detail['errorCode'] !== undefined);
    return {
      instances: [],
      done: () => failures().length > 0,
      checks: [
        { what: 'EC2 refused it', holds: () => failed === 'InvalidAMIID.Malformed' },
        { what: 'nothing was launched', holds: () => scenario.sandbox.fleet().instances().length >= before },
        { what: 'no rule let it through', holds: () => scenario.invokedBy('RunInstances', 'ami-nonsense') === 0 },
      ],
    };
  },
};

export const autoScaling: Case = {
  title: 'Auto Scaling launches from a launch template',
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
      instances: closed(id),
      done: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'the alert names the group', holds: () => alert().includes('Auto Scaling group web-asg') },
        {
          what: 'the template and its version',
          holds: () => alert().includes(`${LaunchTemplateId} version ${version}`),
        },
        { what: 'the line to change', holds: () => alert().includes('aws ec2 create-launch-template-version') },
      ],
    };
  },
};
