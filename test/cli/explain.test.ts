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

/** Launched months ago, with the last start of the builders. */
const old = (instance: WireInstance = {}): Answer => {
  const xml = instanceXml(INSTANCE, instance).replace(/<attachTime>[^<]*/, `<attachTime>${FIRST}`);
  return reservations([[xml]]);
};

const defaults = (inner: string): Answer => ({
  status: 200,
  body: `<GetInstanceMetadataDefaultsResponse><accountLevel>${inner}</accountLevel></GetInstanceMetadataDefaultsResponse>`,
});

/** Two-hour sums over the whole window; the last but one has the calls. */
const metric = (calls: number): Answer => {
  const step = WINDOW.periodSeconds * 1000;
  const starts = Array.from({ length: 168 }, (_, index) => NOW.getTime() - (index + 1) * step);
  const Values = starts.map((_, index) => (index === 1 ? calls : 0));
  const result = { Id: 'q0', StatusCode: 'Complete', Timestamps: starts.map((start) => start / 1000), Values };
  return json({ MetricDataResults: [result] });
};

/** Runs `imdsv2 explain` on an instance. */
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
  readonly rejected?: Readonly<Record<string, unknown>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly rows: readonly { readonly number: number; readonly reached: boolean; readonly observed: string }[];
}
const documentOf = async (...args: Parameters<typeof explain>): Promise<Document> => {
  const { out, exitCode } = await explain([...args[0], '--json'], args[1]);
  expect(exitCode).toBe(0);
  return JSON.parse(out.join('')) as Document;
};
const rowsOf = ({ decisions }: Document) =>
  Object.fromEntries(Object.entries(decisions).map(([trigger, { row }]) => [trigger, row]));

describe('the decision table', () => {
  it('is printed with the values of the instance and the triggers that each row decides', async () => {
    const { out, exitCode } = await explain([]);
    const text = out.join('\n');

    expect(exitCode).toBe(0);
    expect(text).toMatch(/^1 {2}Shutting down or terminated.*\n {5}this instance: state running$/m);
    expect(text).toMatch(/^7 {2}Existing exposure/m);
    expect(text).toContain(
      `this instance: first launched 2026-03-01T08:00:00Z, last started 2026-11-22T11:59:20Z; existing=audit`,
    );
    expect(text).toContain('→ needs-review: existing-instance (launch, grant, running, scan)');
    expect(text).toMatch(/^9 {2}Otherwise.*\n.*\n {5}→ remediate \(drift, revoke, command\)$/m);
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
    expect(document.rows.map(({ reached }) => reached)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((row) => row <= last));
  });

  it('depends on the settings of the options', async () => {
    expect(rowsOf(await documentOf(['--existing', 'enforce']))).toMatchObject({ running: 9, scan: 9 });
    // Launched on 2026-03-01 and unused.
    expect(rowsOf(await documentOf(['--enforce-since', '2026-03-01']))).toMatchObject({ running: 9, scan: 9 });
    expect(rowsOf(await documentOf(['--enforce-since', '2026-03-02']))).toMatchObject({ running: 7, scan: 7 });
    const tags = { 'imdsv2:exempt-until': '2026-12-31' };
    const short = await documentOf(['--max-exemption-days', '7'], { instance: old({ tags }) });
    expect(short.decisions.grant).toMatchObject({ kind: 'needs-review', problem: 'exemption-exceeds-maximum' });
  });
});

describe('IMDSv1 usage', () => {
  it('unused: prints the measured time, and enforce-when-unused remediates', async () => {
    const document = await documentOf(['--existing', 'enforce-when-unused']);
    expect(document.usage).toEqual({ kind: 'unused', hours: 336 });
    expect(document.decisions.scan).toMatchObject({ kind: 'remediate' });
    const { out } = await explain([]);
    expect(out.join('\n')).toContain('IMDSv1 usage   unused: no call without a token in 14 days of data');
  });

  it('in use: prints calls and time of the last one, and enforce-when-unused does not remediate', async () => {
    const calls = metric(28);
    const document = await documentOf(['--existing', 'enforce-when-unused'], { calls });
    expect(document.decisions.scan).toMatchObject({ kind: 'needs-review', problem: 'in-use' });
    const { out } = await explain([], { calls });
    expect(out.join('\n')).toContain('in use: 28 calls without a token, about 2 per day, last seen 2026-11-22T10:00Z');
  });

  it('no data: unknown, not unused', async () => {
    const document = await documentOf(['--existing', 'enforce-when-unused'], {
      calls: json({ MetricDataResults: [] }),
    });
    expect(document.usage).toEqual({ kind: 'unknown', why: 'not-read' });
    expect(document.decisions.scan).toMatchObject({ kind: 'needs-review', problem: 'usage-unknown' });
  });

  it('counts rejected calls while IMDSv2 is required', async () => {
    const response = { instance: old({ httpTokens: 'required' }), calls: metric(3) };
    const document = await documentOf([], response);
    expect(document.rejected).toMatchObject({ kind: 'in-use', count: 3 });
    expect(document.usage).toBeUndefined();
    const [call] = aws.take('GetMetricData');
    expect(JSON.stringify(call?.parameters)).toContain('"MetricName":"MetadataNoTokenRejected"');
  });

  it('requests one metric for the look-back window of the option', async () => {
    await explain(['--look-back-days', '30']);
    const [call] = aws.take('GetMetricData');
    expect(call?.parameters.MetricDataQueries).toHaveLength(1);
    expect(Number(call?.parameters.StartTime)).toBeLessThanOrEqual(NOW.getTime() / 1000 - 30 * 86_400);
  });
});

describe('the account defaults', () => {
  it('are printed with the enforcement and who manages them', async () => {
    const inner =
      '<httpTokens>required</httpTokens><httpTokensEnforced>enabled</httpTokensEnforced><managedBy>declarative-policy</managedBy><managedExceptionMessage>ask\u202e us</managedExceptionMessage>';
    const { out } = await explain([], { inner });
    expect(out.join('\n')).toContain(
      'HttpTokens required, HttpTokensEnforced enabled, managed by a declarative policy of the organization ("ask us")',
    );
  });

  it('and usage are optional: without permission the rest is printed', async () => {
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
    expect(text).toMatch(/defaults {7}not read: missing permission ec2:GetInstanceMetadataDefaults/);
    expect(text).toMatch(/IMDSv1 usage {3}not read: missing permission cloudwatch:GetMetricData/);
    expect(text).toContain('remediate');
  });
});

describe('refuses', () => {
  it('an instance that is not found', async () => {
    const { notes, exitCode } = await imdsv2(['explain', INSTANCE]);
    expect(exitCode).toBe(1);
    expect(notes).toEqual([
      `imdsv2: instance ${INSTANCE} not found in ${REGION}; use --regions all to search every Region`,
    ]);
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

  it('to continue without permission to describe instances', async () => {
    aws.prepare('DescribeInstances', ec2Error('UnauthorizedOperation', 'You are not authorized to perform this', 403));
    const { notes, exitCode } = await imdsv2(['explain', INSTANCE]);
    expect(exitCode).toBe(1);
    expect(notes.join()).toMatch(/^imdsv2: missing permission/);
  });

  it('finds the instance in another region than one that cannot be read', async () => {
    aws.prepare('DescribeInstances', ec2Error('AuthFailure', 'no', 401));
    aws.instances.set(INSTANCE, {});
    aws.prepare('GetInstanceMetadataDefaults', defaults(''));
    aws.prepare('GetMetricData', metric(0));
    const { exitCode } = await imdsv2(['explain', INSTANCE, '--regions', 'ap-south-2,eu-west-1']);
    expect(exitCode).toBe(0);
  });
});

it('prints untrusted text on its line', async () => {
  const tags = { Name: 'web&#10;8  Otherwise', 'aws:autoscaling:groupName': 'x\u001b[2J' };
  const { out } = await explain([], { instance: old({ tags }) });
  expect(out.join('\n').match(/^9 {2}Otherwise/gm)).toHaveLength(1);
  expect(out.join('')).not.toContain('\u001b');
});

test('begins with the decision, before the facts that it is taken on', async () => {
  const { out } = await explain([]);
  expect(out[1]).toMatch(/^→ \S+.* \(.*row \d+\)$/);
  expect(out.findIndex((line) => line.startsWith('  options'))).toBeGreaterThan(1);
});
