import { EC2Client } from '@aws-sdk/client-ec2';
import { SNSClient } from '@aws-sdk/client-sns';
import { ec2Writer } from '../../lambda/adapters/ec2-instances.ts';
import { failing, toFailure } from '../../lambda/adapters/failures.ts';
import { toAlerts } from '../../lambda/core/alert/message.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { snsPublisher } from '../../lambda/adapters/sns-publisher.ts';
import type { FailureKind } from '../../lambda/core/failure.ts';
import { INSTANCE, NOW, outcome, REGION } from '../support/builders.ts';
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

/** The failure of a change with this response of EC2. */
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

describe('an error of EC2', () => {
  it.each(KINDS.flatMap(([kind, names]) => names.map((name) => [name, kind] as const)))(
    '%s is %s',
    async (name, kind) => {
      const failure = await refused(ec2Error(name, 'message of EC2'));

      expect(failure).toMatchObject({ name: 'FailureError', kind, message: `${name}: message of EC2` });
      expect(failure).toMatchObject({ cause: { name } });
    },
  );

  it('is classified by its name, whatever the status', async () => {
    expect(await refused(ec2Error('RequestLimitExceeded', 'slow down', 503))).toMatchObject({ kind: 'throttled' });
  });

  it.each(['InternalError', 'InternalFailure', 'ServiceUnavailable', 'Unavailable', 'UnknownName'])(
    '%s with a status of 5xx is unavailable',
    async (name) => {
      expect(await refused(ec2Error(name, 'away', 500))).toMatchObject({ kind: 'unavailable' });
    },
  );

  it.each(['UnknownName', 'InvalidInstanceId.NotFound', 'toString', '__proto__', 'constructor'])(
    '%s is unknown, and so nothing is given up',
    async (name) => {
      expect(await refused(ec2Error(name))).toMatchObject({ kind: 'unknown' });
    },
  );
});

describe('a call without a response', () => {
  it('is unavailable if the connection breaks', async () => {
    expect(await refused('reset')).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('hang up') });
  });

  it('is unavailable if it times out', async () => {
    const requestHandler = { requestTimeout: 50, throwOnRequestTimeout: true };
    const impatient = new EC2Client({ ...at(aws.url), requestHandler });

    expect(await refused('silence', impatient)).toMatchObject({ kind: 'unavailable' });
    impatient.destroy();
  });

  it('is unavailable if the connection is refused', async () => {
    const closedPort = await startLoopback();
    await closedPort.close();
    const client = new EC2Client(at(closedPort.url));

    const change = ec2Writer(() => client).requireTokens(REGION, INSTANCE);

    await expect(change).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    client.destroy();
  });

  it('is unavailable if a proxy answers with 5xx', async () => {
    expect(await refused({ status: 502, body: '<html><body>Bad Gateway</body></html>' })).toMatchObject({
      kind: 'unavailable',
    });
  });

  it('is a failure if the response cannot be parsed', async () => {
    expect(await refused({ status: 200, body: '<html>' })).toMatchObject({ name: 'FailureError', kind: 'unknown' });
  });
});

describe('an error outside AWS', () => {
  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'UND_ERR_SOCKET',
  ])('is unavailable with the network error %s', (code) => {
    expect(toFailure(Object.assign(new Error('network'), { code }))).toMatchObject({ kind: 'unavailable' });
  });

  it('is unavailable after a time-out of the SDK, with or without a code', () => {
    expect(toFailure(Object.assign(new Error('too slow'), { name: 'TimeoutError' }))).toMatchObject({
      kind: 'unavailable',
    });
  });

  it.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [{ name: 'Throttling' }, '[object Object]'],
  ])('is unknown if it is %p', (thrown, message) => {
    expect(toFailure(thrown)).toMatchObject({ name: 'FailureError', kind: 'unknown', message });
  });

  it('does not change a successful result', async () => {
    expect(await failing(Promise.resolve('value'))).toBe('value');
  });
});

describe('SNS', () => {
  const [alert] = toAlerts([toOutcomeDetail(outcome())], { maxExemptionDays: 90, now: NOW });

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
