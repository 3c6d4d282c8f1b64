import { EC2Client } from '@aws-sdk/client-ec2';
import { SNSClient } from '@aws-sdk/client-sns';
import { ec2Writer } from '../../lambda/adapters/ec2-instances.ts';
import { failing, toFailure } from '../../lambda/adapters/failures.ts';
import { snsPublisher } from '../../lambda/adapters/sns-publisher.ts';
import type { FailureKind } from '../../lambda/core/failure.ts';
import { toMessages } from '../../lambda/core/message.ts';
import { INSTANCE, outcome, REGION } from '../support/builders.ts';
import { ec2Error, type Loopback, type Prepared, snsError, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let ec2: EC2Client;
let sns: SNSClient;

beforeAll(async () => {
  aws = await startLoopback();
  ec2 = new EC2Client(at(aws.url));
  sns = new SNSClient(at(aws.url));
});
beforeEach(() => aws.reset());
afterAll(async () => {
  ec2.destroy();
  sns.destroy();
  await aws.close();
});

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const at = (endpoint: string) => ({ region: REGION, endpoint, credentials, maxAttempts: 1 });

/** The failure of a change that EC2 answers like this. */
const refused = (answer: Prepared, client = ec2): Promise<unknown> => {
  aws.prepare('ModifyInstanceMetadataOptions', answer);
  return ec2Writer(() => client)
    .requireTokens(REGION, INSTANCE)
    .catch((error: unknown) => error);
};

const KINDS: readonly (readonly [FailureKind, readonly string[]])[] = [
  ['not-visible', ['InvalidInstanceID.NotFound']],
  [
    'invalid',
    [
      'InvalidInstanceID.Malformed',
      'InvalidParameterCombination',
      'InvalidParameterValue',
      'MissingParameter',
      'ValidationError',
    ],
  ],
  ['wrong-state', ['IncorrectInstanceState', 'IncorrectState', 'InvalidInstanceState']],
  ['unsupported', ['OperationNotPermitted', 'UnsupportedOperation']],
  [
    'throttled',
    [
      'RequestLimitExceeded',
      'RequestThrottled',
      'Throttled',
      'ThrottledException',
      'Throttling',
      'ThrottlingException',
    ],
  ],
  [
    'denied',
    [
      'AccessDenied',
      'AccessDeniedException',
      'AuthFailure',
      'AuthorizationError',
      'AuthorizationErrorException',
      'UnauthorizedOperation',
    ],
  ],
];

describe('an error that EC2 names', () => {
  it.each(KINDS.flatMap(([kind, names]) => names.map((name) => [name, kind] as const)))(
    '%s is %s',
    async (name, kind) => {
      const failure = await refused(ec2Error(name, 'what EC2 said'));

      expect(failure).toMatchObject({ name: 'FailureError', kind, message: `${name}: what EC2 said` });
      expect(failure).toMatchObject({ cause: { name } });
    },
  );

  it('is what its name says, whatever the status: throttling comes as 503', async () => {
    expect(await refused(ec2Error('RequestLimitExceeded', 'slow down', 503))).toMatchObject({ kind: 'throttled' });
  });

  it.each(['InternalError', 'InternalFailure', 'ServiceUnavailable', 'Unavailable', 'NeverHeardOf'])(
    '%s with a status of 5xx is unavailable',
    async (name) => {
      expect(await refused(ec2Error(name, 'away', 500))).toMatchObject({ kind: 'unavailable' });
    },
  );

  it.each(['NeverHeardOf', 'InvalidInstanceId.NotFound', 'toString', '__proto__', 'constructor'])(
    '%s is unknown, and so nothing is given up',
    async (name) => {
      expect(await refused(ec2Error(name))).toMatchObject({ kind: 'unknown' });
    },
  );
});

describe('no answer', () => {
  it('a connection that breaks is unavailable', async () => {
    expect(await refused('reset')).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('hang up') });
  });

  it('an answer that does not come in time is unavailable', async () => {
    const requestHandler = { requestTimeout: 50, throwOnRequestTimeout: true };
    const impatient = new EC2Client({ ...at(aws.url), requestHandler });

    expect(await refused('silence', impatient)).toMatchObject({ kind: 'unavailable' });
    impatient.destroy();
  });

  it('a connection that is refused is unavailable', async () => {
    const gone = await startLoopback();
    await gone.close();
    const client = new EC2Client(at(gone.url));

    const change = ec2Writer(() => client).requireTokens(REGION, INSTANCE);

    await expect(change).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    client.destroy();
  });

  it('a 5xx of somebody in between, in no form of ours, is unavailable', async () => {
    expect(await refused({ status: 502, body: '<html><body>Bad Gateway</body></html>' })).toMatchObject({
      kind: 'unavailable',
    });
  });

  it('a 200 that cannot be read is a failure too, and nothing is given up', async () => {
    expect(await refused({ status: 200, body: '<html>' })).toMatchObject({ name: 'FailureError', kind: 'unknown' });
  });
});

describe('what is thrown without AWS', () => {
  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'UND_ERR_SOCKET',
  ])('an error of the network (%s) is unavailable', (code) => {
    expect(toFailure(Object.assign(new Error('network'), { code }))).toMatchObject({ kind: 'unavailable' });
  });

  it('a time-out of the SDK is unavailable, with or without a code', () => {
    expect(toFailure(Object.assign(new Error('too slow'), { name: 'TimeoutError' }))).toMatchObject({
      kind: 'unavailable',
    });
  });

  it.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [{ name: 'Throttling' }, '[object Object]'],
  ])('no error at all (%p) is unknown', (thrown, message) => {
    expect(toFailure(thrown)).toMatchObject({ name: 'FailureError', kind: 'unknown', message });
  });

  it('what succeeds is given on', async () => {
    expect(await failing(Promise.resolve('value'))).toBe('value');
  });
});

describe('SNS', () => {
  const [alert] = toMessages([outcome()], { maxExemptionDays: 90 });

  it.each([
    ['AuthorizationError', 403, 'denied'],
    ['Throttled', 429, 'throttled'],
    ['InternalError', 500, 'unavailable'],
    ['KMSAccessDenied', 400, 'unknown'],
    ['NotFound', 404, 'unknown'],
  ] as const)('%s is %s: %s', async (code, status, kind) => {
    aws.prepare('Publish', snsError(code, 'no', status));

    await expect(
      alert && snsPublisher(sns, `arn:aws:sns:${REGION}:111122223333:outcomes`).publish(alert),
    ).rejects.toMatchObject({ kind });
  });
});
