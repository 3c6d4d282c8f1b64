import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../lambda/contract.ts';
import { stackOf, actions, resources, type Statement, statements, templateOf, theOne } from './synth.ts';

interface Alarm {
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly { readonly Ref: string }[];
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Threshold: number;
  readonly Period: number;
  readonly TreatMissingData: string;
}

interface Topic {
  readonly KmsMasterKeyId: { readonly 'Fn::GetAtt': readonly [string, string] };
}

const template = templateOf();
const alarms = resources<Alarm>(template, 'AWS::CloudWatch::Alarm');
const sentences = Object.values(alarms).map(({ AlarmDescription }) => AlarmDescription);
const SAME_ACCOUNT = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
const letsAlarms = (action: string) => (statement: Statement) =>
  statement.Effect === 'Allow' &&
  statement.Principal?.Service === 'cloudwatch.amazonaws.com' &&
  actions(statement).includes(action);

describe.each(Object.entries(alarms))('%s', (_, alarm) => {
  test('is silent while nothing happens', () => {
    expect(alarm.TreatMissingData).toBe('notBreaching');
  });

  test('reaches Operations: the topic lets CloudWatch publish, and its key lets CloudWatch encrypt', () => {
    const [operationsId] = theOne(template, 'AWS::SNS::Topic', 'EnforcerTopicsOperations');
    expect(alarm.AlarmActions).toEqual([{ Ref: operationsId }]);

    const topicPolicies = Object.values(
      resources<{ Topics: unknown; PolicyDocument: unknown }>(template, 'AWS::SNS::TopicPolicy'),
    ).filter(({ Topics }) => JSON.stringify(Topics) === JSON.stringify([{ Ref: operationsId }]));
    expect(statements(topicPolicies).filter(letsAlarms('sns:Publish'))).toEqual([
      expect.objectContaining({ Resource: { Ref: operationsId }, Condition: SAME_ACCOUNT }),
    ]);

    const [keyId] = resources<Topic>(template, 'AWS::SNS::Topic')[operationsId]?.KmsMasterKeyId['Fn::GetAtt'] ?? [];
    const [, key] = theOne(template, 'AWS::KMS::Key', keyId);
    for (const action of ['kms:Decrypt', 'kms:GenerateDataKey*']) {
      expect(statements(key).filter(letsAlarms(action))).toEqual([
        expect.objectContaining({ Resource: '*', Condition: SAME_ACCOUNT }),
      ]);
    }
  });

  test('names a heading of the runbook', () => {
    const headings = [
      ...readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm),
    ];
    const anchors = headings.map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));
    const [, anchor] = /docs\/runbook\.md#(\S+)$/.exec(alarm.AlarmDescription) ?? [];
    expect(anchors).toContain(anchor);
  });
});

test('there are seven alarms, each with its own heading', () => {
  expect(new Set(sentences).size).toBe(7);
});

test('runbookUrl takes the place of the file', () => {
  const [, { AlarmDescription }] = theOne<Alarm>(
    templateOf({ runbookUrl: 'https://wiki.example.com/imdsv2' }),
    'AWS::CloudWatch::Alarm',
    'EnforcerMonitoringDeadLetters',
  );
  expect(AlarmDescription).toBe(
    'Dead letters are waiting. Runbook: https://wiki.example.com/imdsv2#dead-letters-are-waiting',
  );
});

test('alarms on outcomes watch metrics that the function emits, under the one dimension it gives them', () => {
  const ours = Object.values(alarms).filter(({ Namespace }) => Namespace === METRICS.namespace);
  const { failed, notUnderstood, driftRemediated } = METRICS.names;
  expect(ours.map(({ MetricName }) => MetricName).sort()).toEqual([failed, notUnderstood, driftRemediated].sort());
  for (const { Dimensions } of ours) expect(Dimensions).toEqual([{ Name: 'service', Value: METRICS.service }]);
});

test('every metric of the contract has its method on the construct', () => {
  const { enforcer } = stackOf();
  const offered = [
    enforcer.metricRemediated(),
    enforcer.metricDriftRemediated(),
    enforcer.metricHeld(),
    enforcer.metricExempt(),
    enforcer.metricFailed(),
    enforcer.metricRetried(),
    enforcer.metricNotUnderstood(),
    enforcer.metricExposureSeconds(),
  ];
  expect(offered.map(({ metricName }) => metricName).sort()).toEqual(Object.values(METRICS.names).sort());
  expect(offered.map(({ namespace }) => namespace)).toEqual(offered.map(() => METRICS.namespace));
  expect(enforcer.metricExposureSeconds().statistic).toBe('p95');
});

test('more than five times set back in a quarter of an hour is a tug of war', () => {
  const [, alarm] = theOne<Alarm>(template, 'AWS::CloudWatch::Alarm', 'EnforcerMonitoringTugOfWar');
  expect(alarm).toMatchObject({
    MetricName: METRICS.names.driftRemediated,
    Threshold: 6,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Period: 900,
    EvaluationPeriods: 1,
    Statistic: 'Sum',
  });
});

test('the dashboard shows every outcome', () => {
  const [, { DashboardBody }] = theOne<{ DashboardBody: unknown }>(template, 'AWS::CloudWatch::Dashboard');
  const { driftRemediated, ...shown } = METRICS.names;
  for (const name of Object.values(shown)) expect(JSON.stringify(DashboardBody)).toContain(`\\"${name}\\"`);
  // Part of `Remediated`: stacked on top of it, an instance would count twice.
  expect(JSON.stringify(DashboardBody)).not.toContain(driftRemediated);
});
