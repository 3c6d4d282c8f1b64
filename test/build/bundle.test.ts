// cspell:ignore readablestream webstreams
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deserialize } from 'node:v8';
import { bundle, type Bundle } from '../../build/bundle.ts';
import { answer } from './answers.ts';
import { type Recorded, type RecordingServer, startRecordingServer } from './recording-server.ts';

const entry = join(import.meta.dirname, 'fixture-entry.ts');

let folder: string;
let server: RecordingServer;
let plain: Bundle;
let ours: Bundle;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-test-'));
  server = await startRecordingServer(answer);
  [plain, ours] = await Promise.all([
    bundle({ entry, outfile: join(folder, 'plain', 'index.mjs'), plugins: [] }),
    bundle({ entry, outfile: join(folder, 'ours', 'index.mjs'), mapfile: join(folder, 'maps', 'ours.map') }),
  ]);
}, 120_000);

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' };

interface Outcome {
  readonly output?: Record<string, unknown>;
  readonly error?: Record<string, unknown>;
}

/** Runs a bundle of the fixture with only the environment given and returns what it printed. */
async function run({ outfile }: Bundle, env: NodeJS.ProcessEnv = CREDENTIALS): Promise<Outcome[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
    env: { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: server.url, AWS_MAX_ATTEMPTS: '1', ...env },
  });
  return deserialize(Buffer.from(stdout, 'base64')) as Outcome[];
}

/** The modules of Node's own that a run of a bundle loads. */
async function loaded({ outfile }: Bundle): Promise<string[]> {
  const list = 'process.on("exit", () => process.stderr.write(JSON.stringify(process.moduleLoadList)))';
  const args = ['--import', `data:text/javascript,${encodeURIComponent(list)}`, outfile];
  const env = { ...CREDENTIALS, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: server.url };
  const { stderr } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stderr) as string[];
}

const VOLATILE = ['x-amz-date', 'amz-sdk-invocation-id'];

/** Removes headers that differ from call to call, and date and digest of the signature. */
function steady({ headers, ...request }: Recorded): Recorded {
  const stable = Object.entries(headers).filter(([name]) => !VOLATILE.includes(name));
  const { authorization, ...rest } = Object.fromEntries(stable);
  const signature = String(authorization)
    .replace(/\/\d{8}\//, '/DATE/')
    .replace(/Signature=\w+/, '');
  return { ...request, headers: { ...rest, authorization: signature } };
}

describe('the bundle', () => {
  let outcomes: Outcome[];
  let calls: Recorded[];
  beforeAll(async () => {
    outcomes = await run(ours);
    calls = server.take();
  });

  it('sends the same requests and reads the same responses as a plain bundle', async () => {
    const expected = { outcomes: await run(plain), calls: server.take().map(steady) };
    const actual = { outcomes, calls: calls.map(steady) };

    expect(expected.calls).toHaveLength(10);
    expect(actual).toEqual(expected);
  });

  it('sends requests and reads responses as AWS documents them', () => {
    const [described, modified, , published, , sent, , measured] = outcomes;
    const [describe, modify] = calls;

    expect(Object.fromEntries(new URLSearchParams(describe?.body))).toEqual({
      Action: 'DescribeInstances',
      Version: '2016-11-15',
      'Filter.1.Name': 'instance-id',
      'Filter.1.Value.1': 'i-0123456789abcdef0',
      'Filter.1.Value.2': 'i-0123456789abcdef1',
      'Filter.2.Name': 'tag:team',
      'Filter.2.Value.1': 'a&b=c ü',
      MaxResults: '100',
    });
    expect(Object.fromEntries(new URLSearchParams(modify?.body))).toEqual({
      Action: 'ModifyInstanceMetadataOptions',
      Version: '2016-11-15',
      InstanceId: 'i-0123456789abcdef0',
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
    });
    expect(describe?.headers).toMatchObject({ connection: 'keep-alive', 'x-amz-security-token': 'session' });
    expect(describe?.headers.authorization).toMatch(/Credential=AKIATEST\/\d{8}\/eu-central-1\/ec2\/aws4_request/);
    expect(described?.output).toMatchObject({
      NextToken: 'more',
      Reservations: [
        {
          Instances: [
            {
              InstanceId: 'i-0123456789abcdef0',
              LaunchTime: new Date('2026-01-02T03:04:05Z'),
              State: { Code: 16, Name: 'running' },
              Tags: [
                { Key: 'Name', Value: 'web & more' },
                { Key: 'empty', Value: '' },
              ],
              NetworkInterfaces: [{ Attachment: { DeviceIndex: 0, AttachTime: new Date('2026-01-01T00:00:00Z') } }],
              Operator: { Managed: false },
              MetadataOptions: {
                State: 'applied',
                HttpTokens: 'optional',
                HttpPutResponseHopLimit: 1,
                HttpEndpoint: 'enabled',
              },
            },
          ],
        },
      ],
    });
    expect(modified?.output).toMatchObject({ InstanceMetadataOptions: { State: 'pending', HttpTokens: 'required' } });
    expect(published?.output).toMatchObject({ MessageId: 'm-1' });
    expect(sent?.output).toMatchObject({ MessageId: 'm-2' });
    expect(measured?.output).toMatchObject({
      MetricDataResults: [{ Id: 'm0', Timestamps: [new Date('2026-01-02T03:04:00Z')], Values: [1.5] }],
    });
  });

  it('turns the errors of the services into named errors', () => {
    expect(outcomes[2]?.error).toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-0000000000000000f' does not exist",
      $fault: 'client',
    });
    expect(outcomes[4]?.error).toMatchObject({ name: 'NotFoundException', $fault: 'client' });
    expect(outcomes[6]?.error).toMatchObject({ name: 'QueueDoesNotExist', $fault: 'client' });
    expect(outcomes[8]?.error).toMatchObject({ name: 'AuthorizationErrorException', message: 'No', $fault: 'client' });
    expect(outcomes[9]?.error).toMatchObject({
      name: 'InvalidMaxResultsException',
      message: 'A value of 1 to 50 is required',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('throws if the environment has no credentials, without another provider', async () => {
    server.take();
    const [outcome] = await run(ours, {});

    expect(outcome?.error).toMatchObject({
      name: 'CredentialsProviderError',
      message: 'Unable to find environment variable credentials.',
    });
    expect(server.take()).toEqual([]);
  });

  it.each([
    ['for one service only', () => ({ AWS_ENDPOINT_URL_SNS: `${server.url}/sns` })],
    [
      'for retries',
      () => ({ AWS_MAX_ATTEMPTS: undefined, AWS_RETRY_MODE: 'adaptive', AWS_DEFAULTS_MODE: 'in-region' }),
    ],
    ['with invalid values', () => ({ AWS_MAX_ATTEMPTS: 'many', AWS_USE_FIPS_ENDPOINT: 'perhaps' })],
    ['for headers', () => ({ AWS_SDK_UA_APP_ID: 'enforcer', AWS_AUTH_SCHEME_PREFERENCE: 'sigv4' })],
  ])('reads settings from the environment as a plain bundle does: settings %s', async (_, settings) => {
    const env = { ...CREDENTIALS, ...settings() };

    const expected = { outcomes: await run(plain, env), calls: server.take().map(steady) };
    expect({ outcomes: await run(ours, env), calls: server.take().map(steady) }).toEqual(expected);
  });

  it('reads no settings from files, which Lambda does not have', async () => {
    const config = join(folder, 'config');
    await writeFile(config, '[default]\nregion = us-east-1\n');
    const env = { ...CREDENTIALS, AWS_REGION: undefined, AWS_CONFIG_FILE: config };

    expect((await run(plain, env))[0]?.output).toBeDefined();
    expect((await run(ours, env))[0]?.error).toMatchObject({ message: 'Region is missing' });
  });

  it.each([
    'internal/webstreams/readablestream',
    'internal/fs/promises',
    'internal/fs/streams',
    'internal/deps/undici/undici',
  ])('makes its calls without %s of Node.js', async (module) => {
    expect(await loaded(plain)).toContain(`NativeModule ${module}`);
    expect(await loaded(ours)).not.toContain(`NativeModule ${module}`);
  });

  it('is built without warnings, from an SDK in the form that the plugins expect, and much smaller', () => {
    expect(ours.warnings).toEqual([]);
    expect(ours.bytes / plain.bytes).toBeLessThan(0.4);
  });

  it('is reproducible, and the only file in its directory', async () => {
    const again = await bundle({ entry, outfile: join(folder, 'again', 'index.mjs') });

    // `toEqual` would compare half a million bytes one by one.
    expect((await readFile(again.outfile)).equals(await readFile(ours.outfile))).toBe(true);
    expect(await readdir(join(folder, 'ours'))).toEqual(['index.mjs']);
  });
});
