import { windowOf, USAGE_RULES } from '../../lambda/core/usage.ts';
import { INSTANCE, NOW, REGION } from '../support/builders.ts';
import { imdsv2, leaveAws } from '../support/cli.ts';
import {
  type Answer,
  CREDENTIALS,
  ec2Error,
  instanceXml,
  json,
  type Loopback,
  reservations,
  startLoopback,
  type WireInstance,
} from '../support/loopback.ts';

let aws: Loopback;

beforeAll(async () => {
  aws = await startLoopback();
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: aws.url, AWS_REGION: REGION });
});
beforeEach(() => aws.reset());
afterAll(async () => {
  leaveAws();
  await aws.close();
});

const FIRST = '2026-03-01T08:00:00.000Z';
const WINDOW = windowOf(NOW, USAGE_RULES);

/** Launched months ago; the last start is the one of the builders. */
const old = (instance: WireInstance = {}): Answer => {
  const xml = instanceXml(INSTANCE, instance).replace(/<attachTime>[^<]*/, `<attachTime>${FIRST}`);
  return reservations([[xml]]);
};

const defaults = (inner: string): Answer => ({
  status: 200,
  body: `<GetInstanceMetadataDefaultsResponse><accountLevel>${inner}</accountLevel></GetInstanceMetadataDefaultsResponse>`,
});

/** Two-hour sums over the whole window; the last but one holds the calls. */
const metric = (calls: number): Answer => {
  const step = WINDOW.periodSeconds * 1000;
  const starts = Array.from({ length: 168 }, (_, index) => NOW.getTime() - (index + 1) * step);
  const Values = starts.map((_, index) => (index === 1 ? calls : 0));
  const result = { Id: 'q0', StatusCode: 'Complete', Timestamps: starts.map((start) => start / 1000), Values };
  return json({ MetricDataResults: [result] });
};

/** Explains an instance that the local AWS holds. */
async function explain(
  args: readonly string[],
  {
    instance = old(),
    inner = '',
    calls = metric(0),
  }: { instance?: Answer; inner?: string | Answer; calls?: Answer } = {},
) {
  aws.prepare('DescribeInstances', instance);
  aws.prepare('GetInstanceMetadataDefaults', typeof inner === 'string' ? defaults(inner) : inner);
  aws.prepare('GetMetricData', calls);
  return imdsv2(['explain', INSTANCE, ...args]);
}

interface Document {
  readonly schema: string;
  readonly decisions: Readonly<
    Record<string, { readonly row: number; readonly kind: string; readonly problem?: string }>
  >;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly refused?: Readonly<Record<string, unknown>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly rows: readonly { readonly number: number; readonly reached: boolean; readonly here: string }[];
}
const documentOf = async (...args: Parameters<typeof explain>): Promise<Document> => {
  const { out, exitCode } = await explain([...args[0], '--json'], args[1]);
  expect(exitCode).toBe(0);
  return JSON.parse(out.join('')) as Document;
};
const rowsOf = ({ decisions }: Document) =>
  Object.fromEntries(Object.entries(decisions).map(([trigger, { row }]) => [trigger, row]));

describe('the table', () => {
  it('is shown row by row, with what is here and who stops there', async () => {
    const { out, exitCode } = await explain([]);
    const text = out.join('\n');

    expect(exitCode).toBe(0);
    expect(text).toMatch(/^1 {2}It is going or gone.*\n {5}here: it is running$/m);
    expect(text).toMatch(/^7 {2}It existed before/m);
    expect(text).toContain(
      `here: first launched 2026-03-01T08:00:00Z, started again 2026-11-22T11:59:20Z; existing instances: audit`,
    );
    expect(text).toContain('→ grant, running, scan: hold: existing-instance');
    expect(text).toMatch(/^8 {2}Otherwise.*\n.*\n {5}→ launch, drift, revoke, command: require tokens$/m);
  });

  it.each<readonly [string, WireInstance, Readonly<Record<string, number>>]>([
    ['tokens required', { httpTokens: 'required' }, { launch: 5, drift: 5, running: 5, command: 5 }],
    ['IMDS off', { httpEndpoint: 'disabled' }, { launch: 4, grant: 4, scan: 4 }],
    ['exempt', { tags: { 'imdsv2:exempt-until': '2026-12-31' } }, { launch: 6, revoke: 6, grant: 6, running: 6 }],
    ['terminated', { state: 'terminated' }, { launch: 1, grant: 1 }],
  ])('%s', async (_, instance, rows) => {
    const document = await documentOf([], { instance: old(instance) });
    expect(document.schema).toBe('imdsv2-enforcer.explain/v1');
    expect(rowsOf(document)).toMatchObject(rows);
    const last = Math.max(...Object.values(rowsOf(document)));
    expect(document.rows.map(({ reached }) => reached)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((row) => row <= last));
  });

  it('the settings of the deployment are options', async () => {
    expect(rowsOf(await documentOf(['--existing', 'enforce']))).toMatchObject({ running: 8, scan: 8 });
    const tags = { 'imdsv2:exempt-until': '2026-12-31' };
    const short = await documentOf(['--max-exemption-days', '7'], { instance: old({ tags }) });
    expect(short.decisions.launch).toMatchObject({ kind: 'needs-review', problem: 'exemption-exceeds-maximum' });
  });
});

describe('recent use of IMDSv1', () => {
  it('unused: what was measured, and the gate opens', async () => {
    const document = await documentOf(['--existing', 'enforce-when-unused']);
    expect(document.usage).toEqual({ kind: 'unused', hours: 336 });
    expect(document.decisions.scan).toMatchObject({ kind: 'remediate' });
    const { out } = await explain([]);
    expect(out.join('\n')).toContain('IMDSv1 use  unused: no call without a token in 14 days measured');
  });

  it('in use: how much and when last, and the gate stays closed', async () => {
    const calls = metric(28);
    const document = await documentOf(['--existing', 'enforce-when-unused'], { calls });
    expect(document.decisions.scan).toMatchObject({ kind: 'needs-review', problem: 'in-use' });
    const { out } = await explain([], { calls });
    expect(out.join('\n')).toContain(
      'in use: 28 calls without a token, about 2 a day, none seen after 2026-11-22T10:00Z',
    );
  });

  it('no data is unknown, never unused', async () => {
    const document = await documentOf(['--existing', 'enforce-when-unused'], {
      calls: json({ MetricDataResults: [] }),
    });
    expect(document.usage).toEqual({ kind: 'unknown', why: 'not-read' });
    expect(document.decisions.scan).toMatchObject({ kind: 'needs-review', problem: 'usage-unknown' });
  });

  it('while tokens are required, the calls that are refused', async () => {
    const given = { instance: old({ httpTokens: 'required' }), calls: metric(3) };
    const document = await documentOf([], given);
    expect(document.refused).toMatchObject({ kind: 'in-use', count: 3 });
    expect(document.usage).toBeUndefined();
    const [call] = aws.take('GetMetricData');
    expect(JSON.stringify(call?.parameters)).toContain('"MetricName":"MetadataNoTokenRejected"');
  });

  it('asks for one metric over the look-back that is an option', async () => {
    await explain(['--look-back-days', '30']);
    const [call] = aws.take('GetMetricData');
    expect(call?.parameters.MetricDataQueries).toHaveLength(1);
    expect(Number(call?.parameters.StartTime)).toBeLessThanOrEqual(NOW.getTime() / 1000 - 30 * 86_400);
  });
});

describe('the account', () => {
  it('defaults, enforcement and who decides', async () => {
    const inner =
      '<httpTokens>required</httpTokens><httpTokensEnforced>enabled</httpTokensEnforced><managedBy>declarative-policy</managedBy><managedExceptionMessage>ask\u202e us</managedExceptionMessage>';
    const { out } = await explain([], { inner });
    expect(out.join('\n')).toContain(
      'HttpTokens required, HttpTokensEnforced enabled, managed by a declarative policy of the organization ("ask us")',
    );
  });

  it('without permission for the extras they are said to be missing, and the rest is there', async () => {
    const denied = ec2Error(
      'UnauthorizedOperation',
      'You are not authorized to perform: ec2:GetInstanceMetadataDefaults',
      403,
    );
    const calls = json(
      { __type: 'AccessDeniedException', message: 'not authorized to perform: cloudwatch:GetMetricData' },
      400,
    );
    const { out, exitCode } = await explain([], { inner: denied, calls });
    const text = out.join('\n');

    expect(exitCode).toBe(0);
    expect(text).toMatch(/defaults {4}not read: missing permission ec2:GetInstanceMetadataDefaults/);
    expect(text).toMatch(/IMDSv1 use {2}not read: missing permission cloudwatch:GetMetricData/);
    expect(text).toContain('require tokens');
  });
});

describe('what cannot be explained', () => {
  it('an instance that EC2 does not show', async () => {
    const { notes, exitCode } = await imdsv2(['explain', INSTANCE]);
    expect(exitCode).toBe(1);
    expect(notes).toEqual([`imdsv2: EC2 shows no ${INSTANCE} in ${REGION}; --regions all looks in every region`]);
  });

  it.each([
    [['explain', 'web-1'], /"web-1" is not an instance id/],
    [['explain', INSTANCE, '--existing', 'maybe'], /accepted: audit \| enforce-when-unused \| enforce/],
    [['explain', INSTANCE, '--look-back-days', '0'], /accepted: a whole number from 1 to 455/],
    [['explain', INSTANCE, '--minimum-age-days', '20'], /more than --look-back-days 14/],
    [['explain'], /missing required argument/],
  ])('%j', async (args, problem) => {
    const { notes, out, exitCode } = await imdsv2(args);
    expect(exitCode).toBe(1);
    expect(notes.join('\n')).toMatch(problem);
    expect(out).toEqual([]);
    expect(aws.take()).toEqual([]);
  });

  it('no permission to see instances', async () => {
    aws.prepare('DescribeInstances', ec2Error('UnauthorizedOperation', 'You are not authorized to perform this', 403));
    const { notes, exitCode } = await imdsv2(['explain', INSTANCE]);
    expect(exitCode).toBe(1);
    expect(notes.join()).toMatch(/^imdsv2: missing permission/);
  });

  it('a region that cannot be read does not hide the instance in another', async () => {
    aws.prepare('DescribeInstances', ec2Error('AuthFailure', 'no', 401));
    aws.instances.set(INSTANCE, {});
    aws.prepare('GetInstanceMetadataDefaults', defaults(''));
    aws.prepare('GetMetricData', metric(0));
    const { exitCode } = await imdsv2(['explain', INSTANCE, '--regions', 'ap-south-2,eu-west-1']);
    expect(exitCode).toBe(0);
  });
});

it('what strangers wrote stays on its line', async () => {
  const tags = { Name: 'web&#10;8  Otherwise', 'aws:autoscaling:groupName': 'x\u001b[2J' };
  const { out } = await explain([], { instance: old({ tags }) });
  expect(out.join('\n').match(/^8 {2}Otherwise/gm)).toHaveLength(1);
  expect(out.join('')).not.toContain('\u001b');
});
