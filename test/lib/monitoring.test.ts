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
const descriptions = Object.values(alarms).map(({ AlarmDescription }) => AlarmDescription);
const SAME_ACCOUNT = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
const allowsAlarms = (action: string) => (statement: Statement) =>
  statement.Effect === 'Allow' &&
  statement.Principal?.Service === 'cloudwatch.amazonaws.com' &&
  actions(statement).includes(action);

describe.each(Object.entries(alarms))('%s', (_, alarm) => {
  test('treats missing data as breaching only for what runs on a schedule', () => {
    const { scanCompleted, healthFindings }: Readonly<Record<string, string>> = METRICS.names;
    const expected = [scanCompleted, healthFindings].includes(alarm.MetricName) ? 'breaching' : 'notBreaching';
    expect(alarm.TreatMissingData).toBe(expected);
  });

  test('may publish to the topic Operations and use its key', () => {
    const [operationsId] = theOne(template, 'AWS::SNS::Topic', 'EnforcerTopicsOperations');
    expect(alarm.AlarmActions).toEqual([{ Ref: operationsId }]);

    const topicPolicies = Object.values(
      resources<{ Topics: unknown; PolicyDocument: unknown }>(template, 'AWS::SNS::TopicPolicy'),
    ).filter(({ Topics }) => JSON.stringify(Topics) === JSON.stringify([{ Ref: operationsId }]));
    expect(statements(topicPolicies).filter(allowsAlarms('sns:Publish'))).toEqual([
      expect.objectContaining({ Resource: { Ref: operationsId }, Condition: SAME_ACCOUNT }),
    ]);

    const [keyId] = resources<Topic>(template, 'AWS::SNS::Topic')[operationsId]?.KmsMasterKeyId['Fn::GetAtt'] ?? [];
    const [, key] = theOne(template, 'AWS::KMS::Key', keyId);
    for (const action of ['kms:Decrypt', 'kms:GenerateDataKey*']) {
      expect(statements(key).filter(allowsAlarms(action))).toEqual([
        expect.objectContaining({ Resource: '*', Condition: SAME_ACCOUNT }),
      ]);
    }
  });

  test('names a section of the runbook', () => {
    const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
    const [, heading = '', section] =
      /^(.+)\. Runbook: "(.+)" in docs\/runbook\.md /.exec(alarm.AlarmDescription) ?? [];
    expect(section).toBe(heading);
    expect(runbook).toContain(`\n## ${heading}\n`);
  });
});

test('there are eighteen alarms; some of them share a section', () => {
  expect(Object.keys(alarms)).toHaveLength(18);
  expect(new Set(descriptions).size).toBe(15);
});

test('the topic for chat has an alarm of its own', () => {
  const withChat = resources<Alarm>(templateOf({ chat: 'amazon-q' }), 'AWS::CloudWatch::Alarm');
  expect(Object.keys(withChat).filter((id) => /(Outcomes|Chat)DeliveryFailed/.test(id))).toHaveLength(2);
});

test('alarms link to runbookUrl, or else name the file in the package', () => {
  const descriptionOf = (runbookUrl?: string) =>
    theOne<Alarm>(templateOf({ runbookUrl }), 'AWS::CloudWatch::Alarm', 'EnforcerMonitoringDeadLetterQueue')[1]
      .AlarmDescription;
  expect(descriptionOf('https://wiki.example.com/imdsv2')).toBe(
    'Messages in the dead-letter queue. Runbook: https://wiki.example.com/imdsv2#messages-in-the-dead-letter-queue',
  );
  expect(descriptionOf()).toBe(
    'Messages in the dead-letter queue. Runbook: "Messages in the dead-letter queue" in docs/runbook.md of the imdsv2-enforcer package',
  );
});

test('alarms on outcomes use the metrics of the functions with their dimension', () => {
  const ours = Object.values(alarms).filter(({ Namespace }) => Namespace === METRICS.namespace);
  const { failed, notUnderstood, driftRemediated, scanCompleted, rejectedInstances, healthFindings } = METRICS.names;
  expect(ours.map(({ MetricName }) => MetricName).sort()).toEqual(
    [failed, notUnderstood, driftRemediated, scanCompleted, rejectedInstances, healthFindings].sort(),
  );
  for (const { Dimensions } of ours) expect(Dimensions).toEqual([{ Name: 'service', Value: METRICS.service }]);
});

test('every metric of the contract has a method of the construct', () => {
  const { enforcer } = stackOf();
  const offered = [
    enforcer.metricRemediated(),
    enforcer.metricDriftRemediated(),
    enforcer.metricNeedsReview(),
    enforcer.metricExempt(),
    enforcer.metricFailed(),
    enforcer.metricRetried(),
    enforcer.metricNotUnderstood(),
    enforcer.metricHandedBack(),
    enforcer.metricExposureSeconds(),
    enforcer.metricScanCompleted(),
    enforcer.metricRejectedInstances(),
    enforcer.metricHealthFindings(),
  ];
  const gauges = [
    enforcer.metricCompliantIn('eu-west-1'),
    enforcer.metricNonCompliantIn('eu-west-1'),
    enforcer.metricNeedsReviewIn('eu-west-1'),
    enforcer.metricExemptIn('eu-west-1'),
    enforcer.metricOldestNonCompliantSecondsIn('eu-west-1'),
  ];
  const names = new Set([...offered, ...gauges].map(({ metricName }) => metricName));
  expect(names).toEqual(new Set(Object.values(METRICS.names)));
  expect(gauges.map(({ dimensions }) => dimensions)).toEqual(
    gauges.map(() => ({ service: METRICS.service, region: 'eu-west-1' })),
  );
  expect(offered.map(({ namespace }) => namespace)).toEqual(offered.map(() => METRICS.namespace));
  expect(enforcer.metricExposureSeconds().statistic).toBe('p95');
});

test('more than five remediated drifts in 15 minutes are repeated drift', () => {
  const [, alarm] = theOne<Alarm>(template, 'AWS::CloudWatch::Alarm', 'EnforcerMonitoringRepeatedDrift');
  expect(alarm).toMatchObject({
    MetricName: METRICS.names.driftRemediated,
    Threshold: 6,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Period: 900,
    EvaluationPeriods: 1,
    Statistic: 'Sum',
  });
});

test.each([1, 6, 24])(
  'no completed scan in two periods of %d h is an alarm, but not before the first is due',
  (hours) => {
    const [, alarm] = theOne<Alarm & { readonly EvaluationPeriods: number }>(
      templateOf({ scanEveryHours: hours }),
      'AWS::CloudWatch::Alarm',
      'EnforcerMonitoringScanMissing',
    );
    expect(alarm).toMatchObject({
      MetricName: METRICS.names.scanCompleted,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      Period: hours * 3600,
      EvaluationPeriods: 2,
      Statistic: 'Sum',
      WarmUpConfiguration: { WarmUpPeriodDurationInMinutes: hours * 120 },
    });
    // The limits of CloudWatch: seven days in total, two days of warm-up.
    expect(alarm.Period * alarm.EvaluationPeriods).toBeLessThanOrEqual(604_800);
    expect(hours * 120).toBeLessThanOrEqual(2880);
  },
);

test('a finding is an alarm at once, and so is a check that did not run for 30 minutes', () => {
  const [, alarm] = theOne<Alarm>(template, 'AWS::CloudWatch::Alarm', 'EnforcerMonitoringHealthFindings');
  expect(alarm).toMatchObject({
    MetricName: METRICS.names.healthFindings,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Period: 1800,
    EvaluationPeriods: 1,
    Statistic: 'Maximum',
    TreatMissingData: 'breaching',
  });
});

test('events and invocations that are lost without a dead letter are alarms, of at most ten metrics each', () => {
  const rules = Object.entries(resources<{ Targets: { DeadLetterConfig?: object }[] }>(template, 'AWS::Events::Rule'))
    .filter(([, { Targets }]) => Targets.some(({ DeadLetterConfig }) => DeadLetterConfig !== undefined))
    .map(([id]) => id);
  const metricsOf = (name: string) =>
    Object.values(resources<{ Metrics?: MathMetric[] }>(template, 'AWS::CloudWatch::Alarm')).flatMap(
      ({ Metrics = [] }) => {
        const found = Metrics.filter(({ MetricStat }) => MetricStat?.Metric.MetricName === name);
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
        expect(found.length).toBeLessThanOrEqual(10);
        return found.map(({ MetricStat }) => MetricStat?.Metric.Dimensions.at(-1)?.Value.Ref ?? '');
      },
    );
  expect(metricsOf('InvocationsFailedToBeSentToDlq').sort()).toEqual(rules.sort());
  const functions = Object.keys(resources(template, 'AWS::Lambda::Function'));
  expect(metricsOf('DestinationDeliveryFailures').sort()).toEqual(functions.sort());
});

interface MathMetric {
  readonly MetricStat?: {
    readonly Metric: {
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Value: { Ref: string } }[];
    };
  };
}

test('no other alarm has a warm-up period', () => {
  const warm = Object.entries(resources<object>(template, 'AWS::CloudWatch::Alarm')).filter(
    ([, alarm]) => 'WarmUpConfiguration' in alarm,
  );
  expect(warm.map(([id]) => id)).toEqual([
    expect.stringContaining('ScanMissing'),
    expect.stringContaining('HealthFindings'),
  ]);
});

interface Widget {
  readonly properties: { readonly title: string; readonly metrics: readonly (readonly unknown[])[] };
}

/** The widgets of the dashboard, with every reference as `?`. */
function widgets(): readonly Widget[] {
  const [, { DashboardBody }] = theOne<{
    DashboardBody: { 'Fn::Join': readonly [string, readonly (string | object)[]] };
  }>(template, 'AWS::CloudWatch::Dashboard');
  const text = DashboardBody['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : '?')).join('');
  return (JSON.parse(text) as { widgets: readonly Widget[] }).widgets;
}

test('the dashboard searches gauges by their dimensions, for all regions', () => {
  const searched = widgets().flatMap(({ properties: { metrics } }) =>
    metrics.flatMap(([first]) => {
      const { expression, label, period } = (first ?? {}) as Record<string, unknown>;
      return expression === undefined ? [] : [{ expression, label, period }];
    }),
  );
  const { nonCompliant, compliant, needsReview, oldestNonCompliantSeconds } = METRICS.names;
  expect(searched).toEqual([
    ...[nonCompliant, compliant, needsReview, oldestNonCompliantSeconds].map((name) => ({
      expression: `SEARCH('{Imdsv2Enforcer,service,region} MetricName="${name}" service="imdsv2-enforcer"', 'Average', 21600)`,
      label: "${PROP('Dim.region')}",
      period: 21600,
    })),
    {
      expression: `SEARCH('{Imdsv2Enforcer,service,region,reason} MetricName="${needsReview}" service="imdsv2-enforcer"', 'Average', 86400)`,
      label: "${PROP('Dim.reason')}, ${PROP('Dim.region')}",
      period: 86400,
    },
  ]);
});

test('the dashboard shows every metric', () => {
  const { driftRemediated, ...shown } = METRICS.names;
  const text = JSON.stringify(widgets());
  for (const name of Object.values(shown)) expect(text).toMatch(new RegExp(`"${name}(\\\\)?"`));
  // It is a part of `Remediated` and would count twice in a stacked graph.
  expect(text).not.toContain(driftRemediated);
});
