import { DisableRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { deployedHealth } from '../../lambda/adapters/deployed-health.ts';
import { parseScanConfig } from '../../lambda/config.ts';
import { DIGEST_SCHEMA, METRICS } from '../../lambda/contract.ts';
import { type HealthResult, sentenceOf } from '../../lambda/core/health.ts';
import { LOSSES, type LossId } from '../../lambda/core/losses.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { buildProduct } from '../../sandbox/product.ts';
import { enterAws, imdsv2, leaveAws } from '../support/cli.ts';
import { ALERT_LOSSES } from './losses/alerts.ts';
import { EVENT_LOSSES } from './losses/events.ts';
import { FUNCTION_LOSSES } from './losses/functions.ts';
import { HOME, Mallory, OTHER, type Row } from './losses/mallory.ts';

/** Sandboxes are started for each row, so that no row has to put back what it took away. */
let product: Awaited<ReturnType<typeof buildProduct>>;
beforeAll(async () => {
  product = await buildProduct({
    mode: 'enforce',
    regions: ['us-east-1', 'eu-west-1'],
    alertEmail: ['security@example.com'],
    operationsEmail: ['ops@example.com'],
  });
});

let sandbox: Sandbox;
let mallory: Mallory;
const CLOSED = 'ap-south-1';
beforeEach(async () => {
  sandbox = await startSandbox({
    ...product,
    schedules: false,
    timeScale: 20,
    // The first scan of a day sends digests.
    startAt: new Date('2026-11-28T00:30:00Z'),
    regions: [HOME, OTHER, CLOSED],
    callers: { [Mallory.accessKeyId]: { arn: Mallory.arn } },
  });
  for (const topic of sandbox.topics.all()) sandbox.topics.confirm(topic);
  enterAws(sandbox);
  mallory = new Mallory(sandbox);
});
afterEach(async () => {
  leaveAws();
  await sandbox.stop();
});

/** What the scan function finds: the same checks with its configuration. */
function found(): Promise<readonly HealthResult[]> {
  return deployedHealth(parseScanConfig(environment), HOME, mallory.named('ScanFunction')).all();
}
let environment: Readonly<Record<string, string>> = {};
beforeEach(async () => {
  const client = new LambdaClient(sandbox.client());
  const { Environment } = await client.send(
    new GetFunctionConfigurationCommand({ FunctionName: mallory.named('ScanFunction') }),
  );
  environment = { ...Environment?.Variables };
});

const doctor = async (...args: string[]) => {
  const { exitCode, out } = await imdsv2(['doctor', '--no-ping', '--json', ...args]);
  const { results } = JSON.parse(out.join('\n')) as { results: readonly HealthResult[] };
  return { exitCode, results: results.filter(({ level }) => level !== 'ok') };
};

it('finds nothing in an undamaged deployment', async () => {
  expect(await doctor()).toEqual({ exitCode: 0, results: [] });
  expect((await found()).filter(({ level }) => level !== 'ok')).toEqual([]);
});

/** Each loss has rows, or a test of its own below. */
const ROWS: Readonly<Record<LossId, readonly Row[]>> = { ...EVENT_LOSSES, ...FUNCTION_LOSSES, ...ALERT_LOSSES };

/** Losses whose rows are about different parts, which are taken away together to save time. */
const TOGETHER =
  /^(rule-(deleted|disabled|target)|queue-|dead-|mapping-|function-(deleted|stopped|role)|topic-deleted|no-sub)/;

const TABLE = Object.entries<readonly Row[]>(ROWS)
  .filter(([, rows]) => rows.length > 0)
  .flatMap(([loss, rows]) =>
    TOGETHER.test(loss)
      ? [[loss, rows.map(([what]) => what).join(', '), rows] as const]
      : rows.map((row) => [loss, row[0], [row]] as const),
  );

it.each(TABLE)('%s: %s', async (loss, _, rows) => {
  for (const [, takeAway] of rows) await takeAway(mallory);

  const [{ exitCode, results }, byScan] = await Promise.all([doctor(), found()]);

  expect(exitCode).toBe(2);
  const { calls } = LOSSES[loss as LossId];
  for (const each of [results, byScan]) {
    const findings = each.filter((one) => one.loss === loss);
    expect(findings.length).toBeGreaterThanOrEqual(rows.length);
    for (const finding of findings) {
      expect(sentenceOf(finding)).toContain(calls.length > 0 ? Mallory.arn : finding.text);
      expect(finding.action).toMatch(/./);
    }
  }
});

it('counts findings in the metric, by the deployed function', async () => {
  await mallory.events().send(new DisableRuleCommand({ Name: mallory.named('RulesLaunch') }));
  sandbox.bus.fire('Health');
  await sandbox.idle();

  expect(sandbox.metrics()).toContainEqual(expect.objectContaining({ name: METRICS.names.healthFindings, value: 1 }));
  const [logged] = sandbox.logs().filter(({ json }) => json.message === 'health finding');
  expect(logged?.json).toMatchObject({ loss: 'rule-disabled', changedBy: expect.stringContaining(Mallory.arn) });
});

describe('a Region that the role of the scan function may not see', () => {
  const close = (region: string) =>
    mallory.deny(mallory.named('ScanFunctionRole'), 'ec2:*', { StringEquals: { 'aws:RequestedRegion': region } });
  const valuesOf = (name: string) => sandbox.metrics().flatMap((one) => (one.name === name ? [one.value] : []));
  const digestOf = (region: string) =>
    sandbox.events.find(({ detail }) => detail.schema === DIGEST_SCHEMA && detail.region === region)?.detail;

  it('has a digest and counts as a finding, if the deployment promises to cover it', async () => {
    await close(OTHER);
    sandbox.bus.fire('Health');
    sandbox.bus.fire('Schedule');
    await sandbox.idle();

    // What the scan cannot see, and why.
    expect(valuesOf(METRICS.names.healthFindings)).toEqual([2]);
    const text = `${OTHER} is not visible from here`;
    expect(digestOf(OTHER)).toMatchObject({
      severity: 'MEDIUM',
      notVisible: true,
      problems: [expect.stringContaining(text)],
    });
    expect(digestOf(HOME)?.problems).toEqual([expect.stringContaining(`ec2:DescribeInstances in ${OTHER}`)]);
    // The home Region and the closed one, which is open here.
    expect(valuesOf(METRICS.names.scanCompleted)).toHaveLength(2);
    expect(sandbox.logs().map(({ json }) => json.message)).toContain(`${text}, so it is not scanned`);
  });

  it('is named by the digest of the home Region, if it is another one', async () => {
    await close(CLOSED);
    sandbox.bus.fire('Health');
    sandbox.bus.fire('Schedule');
    await sandbox.idle();

    expect(valuesOf(METRICS.names.healthFindings)).toEqual([0]);
    expect(digestOf(HOME)?.problems).toEqual([`not visible from here, so not scanned: ${CLOSED}`]);
    expect(valuesOf(METRICS.names.scanCompleted)).toHaveLength(2);
  });
});

it('says what the caller of doctor may not see, and takes it neither for an error nor for fine', async () => {
  sandbox.callers.add('AKIATEST', {
    arn: 'arn:aws:iam::111122223333:user/kim',
    policies: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'ec2:*', Resource: '*', Condition: { StringEquals: { 'aws:RequestedRegion': OTHER } } },
    ],
  });
  const { exitCode, results } = await doctor();
  expect(exitCode).toBe(2);
  expect(results).toMatchObject([
    {
      check: OTHER,
      level: 'not-visible',
      text: expect.stringContaining('not visible from here: missing permission ec2:DescribeInstances'),
    },
  ]);
});

it('makes no call that the role of the scan function does not allow', async () => {
  await mallory.events().send(new DisableRuleCommand({ Name: mallory.named('RulesLaunch') }));
  sandbox.bus.fire('Health');
  await sandbox.idle();

  const statements = sandbox.roles.statementsOf(mallory.named('ScanFunctionRole')) ?? [];
  const allowed = new Set(statements.flatMap(({ Effect, Action = [] }) => (Effect === 'Allow' ? [Action].flat() : [])));
  const called = sandbox.calls.all().filter(({ caller }) => caller.includes(mallory.named('ScanFunctionRole')));
  const services: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };
  const actions = new Set(called.map(({ service, action }) => `${services[service] ?? service}:${action}`));
  expect([...actions].filter((action) => !allowed.has(action))).toEqual([]);
  expect(actions).toContain('cloudtrail:LookupEvents');
});
