import { EC2Client } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { ec2Probe } from '../../lambda/adapters/ec2-probe.ts';
import { INSTANCE, REGION } from '../support/builders.ts';
import { ec2Error, type Loopback, modified, startLoopback } from '../support/loopback.ts';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

let aws: Loopback;
const clients: EC2Client[] = [];
const probe = ec2Probe((region) => {
  const client = new EC2Client({ region, endpoint: aws.url, credentials, maxAttempts: 1 });
  clients.push(client);
  return client;
});

beforeAll(async () => {
  aws = await startLoopback();
});
beforeEach(() => aws.reset());
afterEach(() => clients.splice(0).forEach((client) => client.destroy()));
afterAll(() => aws.close());

it('sends the change of the product once, as a dry run', async () => {
  expect(await probe.dryRun('us-east-1', INSTANCE, 'required')).toEqual({
    verdict: 'allowed',
    message: 'DryRunOperation',
  });

  const [call, ...others] = aws.take();
  expect(others).toEqual([]);
  expect(call?.action).toBe('ModifyInstanceMetadataOptions');
  expect(call?.parameters).toEqual({
    InstanceId: INSTANCE,
    HttpTokens: 'required',
    HttpEndpoint: 'enabled',
    DryRun: 'true',
  });
  expect(call?.headers.authorization).toContain('/us-east-1/ec2/aws4_request');
});

it('sends the change to IMDSv1, otherwise equal', async () => {
  expect(await probe.dryRun(REGION, INSTANCE, 'optional')).toEqual({
    verdict: 'denied',
    message: 'UnauthorizedOperation: with an explicit deny in an identity-based policy',
  });
  expect(aws.take().map(({ parameters }) => parameters)).toEqual([
    { InstanceId: INSTANCE, HttpTokens: 'optional', HttpEndpoint: 'enabled', DryRun: 'true' },
  ]);
});

it('sends only dry runs, whatever the parameters', async () => {
  const words = fc.constantFrom('required', 'optional', 'DryRun=false', '', '__proto__');
  await fc.assert(
    fc.asyncProperty(words, words, async (instanceId, httpTokens) => {
      await probe.dryRun(REGION, instanceId, httpTokens as 'required');
      expect(aws.take().map(({ parameters }) => parameters.DryRun)).toEqual(['true']);
    }),
    { numRuns: 25 },
  );
});

it.each([
  ['if EC2 throttles', ec2Error('RequestLimitExceeded', 'slow down', 503), 'RequestLimitExceeded: slow down'],
  [
    'if the instance does not exist',
    ec2Error('InvalidInstanceID.NotFound', 'what'),
    'InvalidInstanceID.NotFound: what',
  ],
  ['if EC2 carries the change out', modified(), 'EC2 carried out the dry run'],
])('%s, the verdict is unclear', async (_, answer, message) => {
  aws.prepare('ModifyInstanceMetadataOptions', answer);

  expect(await probe.dryRun(REGION, INSTANCE, 'required')).toEqual({ verdict: 'unclear', message });
});

it('if the connection breaks, the verdict is unclear', async () => {
  aws.prepare('ModifyInstanceMetadataOptions', 'reset');

  expect(await probe.dryRun(REGION, INSTANCE, 'required')).toMatchObject({ verdict: 'unclear' });
});

it('shortens the message of EC2 to one line', async () => {
  aws.prepare('ModifyInstanceMetadataOptions', ec2Error('UnauthorizedOperation', `a\n${'x'.repeat(5_000)}`, 403));

  const { verdict, message } = await probe.dryRun(REGION, INSTANCE, 'required');

  expect(verdict).toBe('denied');
  expect(message).toMatch(/^UnauthorizedOperation: a x+…$/);
  expect(message).toHaveLength(400);
});
