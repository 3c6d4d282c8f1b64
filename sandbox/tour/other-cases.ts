import { dayAfter } from '../calendar.ts';
import { type Case, compliant, nonCompliant } from './case.ts';

const OPTIONAL = { MetadataOptions: { HttpTokens: 'optional' } } as const;
const REQUIRED = { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } } as const;
const HIDDEN_MS = 6_000;
const UNTIL = 'imdsv2:exempt-until';

export const drift: Case = {
  title: 'IMDSv1 is re-enabled on one instance; on another only the hop limit changes',
  play: async (scenario) => {
    const [id = ''] = await scenario.launch(REQUIRED, { Name: 'api-1' });
    const [other = ''] = await scenario.launch(REQUIRED, { Name: 'api-2' });
    await scenario.modify(id, { HttpTokens: 'optional', HttpEndpoint: 'enabled' }, 'AKIAPIPELINE');
    await scenario.modify(other, { HttpPutResponseHopLimit: 3 });
    const modified = 'ModifyInstanceMetadataOptions';
    return {
      instances: [
        { id, HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
        { id: other, HttpTokens: 'required', HttpPutResponseHopLimit: 3 },
      ],
      isDone: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'remediated', passes: () => scenario.hasOutcome(id, 'remediated') },
        {
          what: 'severity HIGH',
          passes: () => scenario.alerts(id)[0]?.attributes['severity']?.StringValue === 'HIGH',
        },
        {
          what: 'the alert names the caller',
          passes: () => /deploy-pipeline/.test(scenario.alerts(id)[0]?.email.body ?? ''),
        },
        { what: 'the change of the hop limit matched no rule', passes: () => scenario.received(modified, other) === 0 },
        { what: 'nor did the remediation itself', passes: () => scenario.received(modified, id) === 1 },
      ],
    };
  },
};

export const exemptionTag: Case = {
  title: 'a compliant instance is exempted; the exemption of another one is revoked',
  play: async (scenario) => {
    const day = (days: number) => dayAfter(scenario.sandbox.clock.now(), days);
    const launchedAt = new Date('2024-05-01T08:00:00Z');
    const [granted = ''] = await scenario.launch(REQUIRED, { Name: 'crm-1' });
    const tags = { Name: 'crm-2', [UNTIL]: day(14) };
    const { id: revoked } = scenario.sandbox.fleet().add({ launchedAt, state: 'running', tags });
    await scenario.tag(granted, { [UNTIL]: day(30), 'imdsv2:exempt-reason': 'agent X' });
    await scenario.untag(revoked, UNTIL, 'AKIAPIPELINE');
    const alert = (id: string) => scenario.alerts(id)[0]?.email.body ?? '';
    return {
      instances: [{ id: granted, HttpTokens: 'required', HttpPutResponseHopLimit: 2 }, ...compliant(revoked)],
      isDone: () => [granted, revoked].every((id) => scenario.alerts(id).length > 0),
      checks: [
        { what: 'grant: exempt, although compliant', passes: () => scenario.hasOutcome(granted, 'exempt') },
        { what: 'the alert names the caller', passes: () => /Developer\/ana/.test(alert(granted)) },
        { what: 'not changed', passes: () => scenario.changes(granted) === 0 },
        { what: 'revoked: remediated', passes: () => scenario.hasOutcome(revoked, 'remediated') },
        { what: 'the alert names the caller who revoked', passes: () => /deploy-pipeline/.test(alert(revoked)) },
        {
          what: 'one alert for each',
          passes: () => [granted, revoked].every((id) => scenario.alerts(id).length === 1),
        },
      ],
    };
  },
};

export const lostEvent: Case = {
  title: 'the CloudTrail event of a launch is lost',
  play: async (scenario) => {
    const { faults } = scenario.sandbox;
    const before = faults.loses;
    faults.loses = (event) => event.kind === 'cloudtrail' && event.name === 'RunInstances';
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'batch-7' });
    faults.loses = before;
    const alert = () => scenario.alerts(id)[0]?.email.body ?? '';
    return {
      instances: compliant(id),
      isDone: () => true,
      checks: [
        {
          what: 'remediated by its running-state event',
          passes: () => scenario.outcomes(id).at(-1)?.trigger === 'running',
        },
        { what: 'the caller is unknown', passes: () => alert().includes('Who: The event does not name the caller.') },
        {
          what: 'the alert has the command that finds it',
          passes: () => alert().includes('aws cloudtrail lookup-events'),
        },
      ],
    };
  },
};

export const notVisible: Case = {
  title: 'EC2 does not return a new instance at first',
  play: async (scenario) => {
    const { faults } = scenario.sandbox;
    const before = faults.hides;
    faults.hides = () => HIDDEN_MS;
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'late' });
    faults.hides = before;
    const error = await scenario.modify(id, { HttpPutResponseHopLimit: 2 }).catch(({ name }: Error) => name);
    return {
      instances: compliant(id),
      isDone: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'EC2 returned InvalidInstanceID.NotFound', passes: () => error === 'InvalidInstanceID.NotFound' },
        { what: 'remediated nevertheless', passes: () => scenario.hasOutcome(id, 'remediated') },
      ],
    };
  },
};

export const existingInstance: Case = {
  title: 'an existing, stopped instance with IMDSv1 enabled is started',
  play: async (scenario) => {
    const launchedAt = new Date('2021-03-01T08:00:00Z');
    const { id } = scenario.sandbox.fleet().add({ launchedAt, state: 'stopped', tags: { Name: 'legacy-erp' } });
    await scenario.start(id);
    return {
      instances: nonCompliant(id),
      isDone: () => true,
      checks: [
        { what: 'needs review', passes: () => scenario.hasOutcome(id, 'needs-review existing-instance') },
        { what: 'one alert', passes: () => scenario.alerts(id).length === 1 },
      ],
    };
  },
};

export const refusedAlert: Case = {
  title: 'SNS refuses an alert',
  play: async (scenario) => {
    const { faults } = scenario.sandbox;
    const before = faults.refuses;
    // The SDK makes two attempts of each delivery.
    faults.refuses = ({ attempt }) => (attempt <= 3 ? 'InternalError' : undefined);
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'mail-1' });
    const refused = () => scenario.sandbox.calls.of('Publish', { outcome: 'InternalError' }).length;
    return {
      instances: compliant(id),
      isDone: () => {
        if (refused() < 3) return false;
        faults.refuses = before;
        return true;
      },
      checks: [
        { what: 'SNS returned errors', passes: () => refused() >= 3 },
        { what: 'one alert nevertheless', passes: () => scenario.alerts(id).length === 1 },
      ],
    };
  },
};

/** Milliseconds in which SNS does not answer. */
const OUTAGE_MS = 3_600_000;

export const hangingSns: Case = {
  title: 'SNS does not answer for an hour; IMDSv1 is re-enabled on an instance at its beginning and in the middle',
  play: async (scenario) => {
    const { calls, clock, faults } = scenario.sandbox;
    const { slows, resets } = faults;
    const [first = ''] = await scenario.launch(REQUIRED, { Name: 'outage-1' });
    const [second = ''] = await scenario.launch(REQUIRED, { Name: 'outage-2' });
    const endsAt = clock.now() + OUTAGE_MS;
    const hangs = ({ service }: { readonly service: string }) => service === 'sns' && clock.now() < endsAt;
    // Longer than any caller waits, and without effect.
    faults.slows = (call) => (hangs(call) ? 90_000 : slows(call));
    faults.resets = (call) => (hangs(call) ? 'before' : resets(call));
    const drift = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
    await scenario.modify(first, drift);
    clock.after(OUTAGE_MS / 2, () => void scenario.modify(second, drift));
    const changedAt = (id: string) =>
      calls
        .of('ModifyInstanceMetadataOptions', { outcome: 'ok' })
        .findLast(({ params }) => params['InstanceId'] === id && params['HttpTokens'] === 'required')?.at ?? Infinity;
    const isNotified = (id: string) => scenario.alerts(id).length > 0;
    return {
      instances: [
        { id: first, HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
        { id: second, HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      ],
      isDone: () => {
        if (clock.now() < endsAt || !isNotified(first) || !isNotified(second)) return false;
        Object.assign(faults, { slows, resets });
        return true;
      },
      checks: [
        {
          what: 'both remediated while SNS does not answer',
          passes: () => [first, second].every((id) => changedAt(id) < endsAt),
        },
        {
          what: 'no mail in that hour',
          passes: () => scenario.mailbox().every(({ at }) => at < endsAt - OUTAGE_MS || at >= endsAt),
        },
        { what: 'both alerts after it', passes: () => isNotified(first) && isNotified(second) },
      ],
    };
  },
};
