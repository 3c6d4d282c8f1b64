import { type Case, closed, leftOpen } from './case.ts';

const OPTIONAL = { MetadataOptions: { HttpTokens: 'optional' } } as const;
const REQUIRED = { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } } as const;
const HIDDEN_MS = 6_000;

export const setBack: Case = {
  title: 'somebody sets a compliant instance back; somebody changes only a hop limit',
  play: async (stage) => {
    const [id = ''] = await stage.launch(REQUIRED, { Name: 'api-1' });
    const [other = ''] = await stage.launch(REQUIRED, { Name: 'api-2' });
    await stage.modify(id, { HttpTokens: 'optional', HttpEndpoint: 'enabled' }, 'AKIAPIPELINE');
    await stage.modify(other, { HttpPutResponseHopLimit: 3 });
    const modified = 'ModifyInstanceMetadataOptions';
    return {
      instances: [
        { id, HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
        { id: other, HttpTokens: 'required', HttpPutResponseHopLimit: 3 },
      ],
      done: () => stage.alerts(id).length > 0,
      checks: [
        { what: 'remediated', holds: () => stage.hasDecided(id, 'remediated') },
        { what: 'severity high', holds: () => stage.alerts(id)[0]?.attributes['severity']?.StringValue === 'high' },
        {
          what: 'the alert names the caller',
          holds: () => /deploy-pipeline/.test(stage.alerts(id)[0]?.email.body ?? ''),
        },
        { what: 'the hop limit invoked nothing', holds: () => stage.invokedBy(modified, other) === 0 },
        { what: 'our own change invoked nothing', holds: () => stage.invokedBy(modified, id) === 1 },
      ],
    };
  },
};

export const lostEvent: Case = {
  title: 'the CloudTrail event of a launch is lost',
  play: async (stage) => {
    const { faults } = stage.sandbox;
    const before = faults.loses;
    faults.loses = (event) => event.kind === 'cloudtrail' && event.name === 'RunInstances';
    const [id = ''] = await stage.launch(OPTIONAL, { Name: 'batch-7' });
    faults.loses = before;
    const alert = () => stage.alerts(id)[0]?.email.body ?? '';
    return {
      instances: closed(id),
      done: () => true,
      checks: [
        { what: 'the running-state queue caught it', holds: () => stage.decided(id).at(-1)?.trigger === 'running' },
        { what: 'the caller is unknown', holds: () => /who\s+unknown/.test(alert()) },
        { what: 'and how to find out', holds: () => alert().includes('aws cloudtrail lookup-events') },
      ],
    };
  },
};

export const notVisible: Case = {
  title: 'EC2 does not know the new instance at first',
  play: async (stage) => {
    const { faults } = stage.sandbox;
    const before = faults.hides;
    faults.hides = () => HIDDEN_MS;
    const [id = ''] = await stage.launch(OPTIONAL, { Name: 'late' });
    faults.hides = before;
    const notFound = await stage.modify(id, { HttpPutResponseHopLimit: 2 }).catch((error: Error) => error.name);
    return {
      instances: closed(id),
      done: () => stage.alerts(id).length > 0,
      checks: [
        { what: 'EC2 answered InvalidInstanceID.NotFound', holds: () => notFound === 'InvalidInstanceID.NotFound' },
        { what: 'remediated all the same', holds: () => stage.hasDecided(id, 'remediated') },
      ],
    };
  },
};

export const oldInstance: Case = {
  title: 'an old, stopped instance with IMDSv1 is started',
  play: async (stage) => {
    const launchedAt = new Date('2021-03-01T08:00:00Z');
    const { id } = stage.sandbox.fleet().add({ launchedAt, state: 'stopped', tags: { Name: 'legacy-erp' } });
    await stage.start(id);
    return {
      instances: leftOpen(id),
      done: () => true,
      checks: [
        { what: 'held: it existed before', holds: () => stage.hasDecided(id, 'held existing-instance') },
        { what: 'told once', holds: () => stage.alerts(id).length === 1 },
      ],
    };
  },
};

export const refusedAlert: Case = {
  title: 'SNS refuses an alert',
  play: async (stage) => {
    const { faults } = stage.sandbox;
    const before = faults.refuses;
    // The SDK itself tries three times.
    faults.refuses = ({ attempt }) => (attempt <= 3 ? 'InternalError' : undefined);
    const [id = ''] = await stage.launch(OPTIONAL, { Name: 'mail-1' });
    const refused = () => stage.sandbox.calls.of('Publish', { outcome: 'InternalError' }).length;
    return {
      instances: closed(id),
      done: () => {
        if (refused() < 3) return false;
        faults.refuses = before;
        return true;
      },
      checks: [
        { what: 'SNS refused', holds: () => refused() >= 3 },
        { what: 'the alert arrived all the same, once', holds: () => stage.alerts(id).length === 1 },
      ],
    };
  },
};
