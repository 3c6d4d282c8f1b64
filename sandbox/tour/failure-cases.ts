import { type Case, compliant, nonCompliant } from './case.ts';

const LAUNCHED_AT = new Date('2021-03-01T08:00:00Z');
const DIGEST = 'imdsv2-enforcer.digest/v1';
const [ALL, REFUSED] = [60, 20];

export const givenUp: Case = {
  title: 'IMDSv1 is re-enabled while EC2 accepts no change: given up after an hour, sent again by the next scan',
  play: async (scenario) => {
    const { sandbox } = scenario;
    const { id } = sandbox.fleet().add({
      launchedAt: LAUNCHED_AT,
      options: { HttpTokens: 'required' },
      tags: { Name: 'payroll-1' },
    });
    await scenario.modify(id, { HttpTokens: 'optional', HttpEndpoint: 'enabled' }, 'AKIAPIPELINE');
    sandbox.faults.fails = ({ action, invocation }) =>
      action === 'ModifyInstanceMetadataOptions' && invocation !== undefined ? 'Unavailable' : undefined;
    sandbox.clock.skipIdleTime();
    // The scan may send a digest, which names the instance while it is not remediated.
    const alerts = () =>
      scenario.alerts(id).filter(({ attributes }) => !attributes['status']?.StringValue?.includes('digest'));
    const severities = () => alerts().map(({ attributes }) => attributes['severity']?.StringValue);
    const bodies = () => alerts().map(({ email }) => email.body.replaceAll(/\s+/g, ' '));
    let isScanned = false;
    return {
      instances: compliant(id),
      isDone: () => {
        if (!isScanned && severities().includes('CRITICAL') && sandbox.queue('DeadLetterQueue').size > 0) {
          isScanned = true;
          sandbox.faults.fails = () => undefined;
          sandbox.bus.fire('Schedule');
        }
        return isScanned && severities().length > 2;
      },
      checks: [
        {
          what: 'HIGH while it is tried, with the reason',
          passes: () =>
            severities()[0] === 'HIGH' && /is not reverted yet.*EC2 did not respond/.test(bodies()[0] ?? ''),
        },
        {
          what: 'CRITICAL when it is given up',
          passes: () => severities()[1] === 'CRITICAL' && /the next scan tries again/.test(bodies()[1] ?? ''),
        },
        { what: 'the scan sends it again: remediated', passes: () => scenario.hasOutcome(id, 'remediated') },
        { what: 'as drift, HIGH', passes: () => severities()[2] === 'HIGH' && severities().length === 3 },
      ],
    };
  },
};

export const someRefused: Case = {
  title: `a scan remediates ${ALL} instances, of which an SCP refuses ${REFUSED}`,
  play: (scenario) => {
    const { sandbox } = scenario;
    const ids = Array.from({ length: ALL }, (_, index) => {
      const team = index < REFUSED ? 'frozen' : 'web';
      const tags = { Name: `${team}-${index + 1}`, Team: team };
      return sandbox.fleet().add({ launchedAt: LAUNCHED_AT, options: { HttpTokens: 'optional' }, tags }).id;
    });
    sandbox.callers.serviceControlPolicies.push({
      Effect: 'Deny',
      Action: 'ec2:ModifyInstanceMetadataOptions',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/Team': 'frozen' } },
    });
    sandbox.bus.fire('Schedule');
    const [refused, others] = [ids.slice(0, REFUSED), ids.slice(REFUSED)];
    const digest = () => scenario.messages(DIGEST)[0]?.email.body ?? '';
    const critical = () =>
      scenario.mailbox().filter(({ attributes }) => attributes['severity']?.StringValue === 'CRITICAL');
    return Promise.resolve({
      // One of each: sixty rows of the last table would say the same.
      instances: [...compliant(...others.slice(0, 1)), ...nonCompliant(...refused.slice(0, 1))],
      isDone: () => scenario.messages(DIGEST).length > 0,
      checks: [
        {
          what: 'the others are remediated',
          passes: () => others.every((id) => scenario.hasOutcome(id, 'remediated')),
        },
        { what: 'in one scan', passes: () => ids.every((id) => scenario.changes(id) <= 1) },
        {
          what: 'CRITICAL alerts name each that was refused',
          passes: () => refused.every((id) => critical().some(({ json }) => json.Message.includes(id))),
        },
        {
          what: 'the digest counts both',
          passes: () => digest().includes(`Remediated in this scan: ${ALL - REFUSED}`),
        },
      ],
    });
  },
};
