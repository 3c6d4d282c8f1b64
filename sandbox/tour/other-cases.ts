import { type Case, closed, leftNonCompliant } from './case.ts';

const OPTIONAL = { MetadataOptions: { HttpTokens: 'optional' } } as const;
const REQUIRED = { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } } as const;
const HIDDEN_MS = 6_000;
const UNTIL = 'imdsv2:exempt-until';
const DAY = 86_400_000;

export const setBack: Case = {
  title: 'somebody sets a compliant instance back; somebody changes only a hop limit',
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
      done: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'remediated', holds: () => scenario.hasDecided(id, 'remediated') },
        { what: 'severity high', holds: () => scenario.alerts(id)[0]?.attributes['severity']?.StringValue === 'high' },
        {
          what: 'the alert names the caller',
          holds: () => /deploy-pipeline/.test(scenario.alerts(id)[0]?.email.body ?? ''),
        },
        { what: 'the hop limit invoked nothing', holds: () => scenario.invokedBy(modified, other) === 0 },
        { what: 'our own change invoked nothing', holds: () => scenario.invokedBy(modified, id) === 1 },
      ],
    };
  },
};

export const exemptionTag: Case = {
  title: 'somebody exempts a compliant instance; somebody takes the exemption of another',
  play: async (scenario) => {
    const day = (days: number) => new Date(scenario.sandbox.clock.now() + days * DAY).toISOString().slice(0, 10);
    const launchedAt = new Date('2024-05-01T08:00:00Z');
    const [granted = ''] = await scenario.launch(REQUIRED, { Name: 'crm-1' });
    const tags = { Name: 'crm-2', [UNTIL]: day(14) };
    const { id: revoked } = scenario.sandbox.fleet().add({ launchedAt, state: 'running', tags });
    await scenario.tag(granted, { [UNTIL]: day(30), 'imdsv2:exempt-reason': 'agent X' });
    await scenario.untag(revoked, UNTIL, 'AKIAPIPELINE');
    const told = (id: string) => scenario.alerts(id)[0]?.email.body ?? '';
    return {
      instances: [{ id: granted, HttpTokens: 'required', HttpPutResponseHopLimit: 2 }, ...closed(revoked)],
      done: () => [granted, revoked].every((id) => scenario.alerts(id).length > 0),
      checks: [
        { what: 'the grant is told, compliant or not', holds: () => scenario.hasDecided(granted, 'exempt') },
        { what: 'with its caller', holds: () => /Developer\/ana/.test(told(granted)) },
        { what: 'and changed nothing', holds: () => scenario.changes(granted) === 0 },
        { what: 'without exemption: closed', holds: () => scenario.hasDecided(revoked, 'remediated') },
        { what: 'told with who took it', holds: () => /deploy-pipeline/.test(told(revoked)) },
        { what: 'each told once', holds: () => [granted, revoked].every((id) => scenario.alerts(id).length === 1) },
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
      instances: closed(id),
      done: () => true,
      checks: [
        { what: 'the running-state queue caught it', holds: () => scenario.decided(id).at(-1)?.trigger === 'running' },
        { what: 'the caller is unknown', holds: () => /who\s+unknown/.test(alert()) },
        { what: 'and how to find out', holds: () => alert().includes('aws cloudtrail lookup-events') },
      ],
    };
  },
};

export const notVisible: Case = {
  title: 'EC2 does not know the new instance at first',
  play: async (scenario) => {
    const { faults } = scenario.sandbox;
    const before = faults.hides;
    faults.hides = () => HIDDEN_MS;
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'late' });
    faults.hides = before;
    const notFound = await scenario.modify(id, { HttpPutResponseHopLimit: 2 }).catch((error: Error) => error.name);
    return {
      instances: closed(id),
      done: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'EC2 answered InvalidInstanceID.NotFound', holds: () => notFound === 'InvalidInstanceID.NotFound' },
        { what: 'remediated all the same', holds: () => scenario.hasDecided(id, 'remediated') },
      ],
    };
  },
};

export const oldInstance: Case = {
  title: 'an old, stopped instance with IMDSv1 is started',
  play: async (scenario) => {
    const launchedAt = new Date('2021-03-01T08:00:00Z');
    const { id } = scenario.sandbox.fleet().add({ launchedAt, state: 'stopped', tags: { Name: 'legacy-erp' } });
    await scenario.start(id);
    return {
      instances: leftNonCompliant(id),
      done: () => true,
      checks: [
        { what: 'held: it existed before', holds: () => scenario.hasDecided(id, 'needs-review existing-instance') },
        { what: 'told once', holds: () => scenario.alerts(id).length === 1 },
      ],
    };
  },
};

export const refusedAlert: Case = {
  title: 'SNS refuses an alert',
  play: async (scenario) => {
    const { faults } = scenario.sandbox;
    const before = faults.refuses;
    // The SDK itself tries three times.
    faults.refuses = ({ attempt }) => (attempt <= 3 ? 'InternalError' : undefined);
    const [id = ''] = await scenario.launch(OPTIONAL, { Name: 'mail-1' });
    const refused = () => scenario.sandbox.calls.of('Publish', { outcome: 'InternalError' }).length;
    return {
      instances: closed(id),
      done: () => {
        if (refused() < 3) return false;
        faults.refuses = before;
        return true;
      },
      checks: [
        { what: 'SNS refused', holds: () => refused() >= 3 },
        { what: 'the alert arrived all the same, once', holds: () => scenario.alerts(id).length === 1 },
      ],
    };
  },
};
