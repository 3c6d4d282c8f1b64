import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { telemetry } from '../../lambda/adapters/telemetry.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { failure } from '../support/ports.ts';
import { context, EVENT_ID, outcome, target } from '../support/builders.ts';

const grant = target({ trigger: 'grant' });

/** A telemetry and its output. */
function record() {
  const lines: [level: string, message: string, fields: Record<string, unknown>][] = [];
  const metrics: [name: string, unit: string, value: number][] = [];
  const at = (level: string) => (message: string, fields: Record<string, unknown>) =>
    lines.push([level, message, fields]);
  const logger = { info: at('info'), warn: at('warn') } as unknown as Logger;
  const sink = { addMetric: (...metric: (typeof metrics)[number]) => metrics.push(metric) } as unknown as Metrics;
  return { telemetry: telemetry(logger, sink), lines, metrics };
}

it.each<[string, Partial<Outcome>, string, string[]]>([
  ['remediated', {}, 'info', ['Remediated', 'ExposureSeconds']],
  [
    'remediated drift',
    { target: target({ trigger: 'drift' }) },
    'info',
    ['Remediated', 'DriftRemediated', 'ExposureSeconds'],
  ],
  ['needs-review', { status: 'needs-review' }, 'info', ['NeedsReview']],
  ['exempt', { status: 'exempt' }, 'info', ['Exempt']],
  ['remediated after a revoke', { target: target({ trigger: 'revoke' }) }, 'info', ['Remediated', 'ExposureSeconds']],
  ['a grant', { status: 'exempt', reason: 'exempt-self-granted', target: grant }, 'info', []],
  ['a grant that exempts nothing', { status: 'needs-review', target: grant }, 'info', []],
  [
    'a grant of an instance that could not be read',
    { status: 'failed', reason: 'denied', target: grant },
    'warn',
    ['Failed'],
  ],
  ['skipped', { status: 'skipped' }, 'info', []],
  ['already-remediated', { status: 'already-remediated' }, 'info', []],
  ['would-remediate', { status: 'would-remediate' }, 'info', []],
  ['failed permanently', { status: 'failed', reason: 'denied' }, 'warn', ['Failed']],
  ['failed and retried', { status: 'failed', reason: 'throttled' }, 'warn', ['Retried']],
])('writes one line with the same keys, and the metrics of an outcome: %s', (_, over, level, names) => {
  const { telemetry, lines, metrics } = record();

  telemetry.outcome(outcome(over), true);

  expect(metrics.map(([name]) => name)).toEqual(names);
  expect(lines.map(([at, message]) => [at, message])).toEqual([[level, 'outcome']]);
  expect(Object.keys(lines[0]?.[2] ?? {})).toEqual([
    'accountId',
    'region',
    'instanceId',
    'trigger',
    'eventId',
    'status',
    'reason',
    'severity',
    'exposedSeconds',
    'before',
    'detail',
    'caller',
    'notified',
  ]);
});

it.each(['needs-review', 'exempt'] as const)('writes a line but no metric for a repeated outcome: %s', (status) => {
  const { telemetry, lines, metrics } = record();

  telemetry.outcome(outcome({ status, exposedSeconds: undefined }), false);

  expect(metrics).toEqual([]);
  expect(lines).toMatchObject([['info', 'outcome', { status, notified: false }]]);
});

it('emits exposure in seconds and everything else as counts', () => {
  const { telemetry, metrics } = record();

  telemetry.outcome(outcome({ exposedSeconds: 0 }), true);

  expect(metrics).toEqual([
    ['Remediated', 'Count', 1],
    ['ExposureSeconds', 'Seconds', 0],
  ]);
});

it('sanitizes untrusted input: one line, short, without control characters', () => {
  const { telemetry, lines } = record();
  const hostile = `a\u001b[2J\n\u202eb${'x'.repeat(10_000)}`;
  const of = { ...target(), context: context({ eventId: hostile, caller: { principal: hostile } }) };

  telemetry.outcome(outcome({ target: of, detail: hostile }), true);
  telemetry.notUnderstood(hostile, 'a problem');
  telemetry.warning('something', failure('unknown', hostile));

  const cleaned = expect.stringMatching(/^a\[2J bx{1,121}…$/);
  expect(lines).toMatchObject([
    ['info', 'outcome', { eventId: cleaned, caller: cleaned, detail: cleaned }],
    ['warn', 'not understood', { eventId: cleaned, problem: 'a problem' }],
    ['warn', 'something', { error: cleaned }],
  ]);
});

it('counts events that were not understood', () => {
  const { telemetry, metrics } = record();

  telemetry.notUnderstood(EVENT_ID, 'a problem');

  expect(metrics).toEqual([['NotUnderstood', 'Count', 1]]);
});

it('logs events of other accounts, which count as nothing (7)', () => {
  const { telemetry, lines, metrics } = record();

  telemetry.otherAccount(EVENT_ID, '444455556666');

  expect(lines).toEqual([['warn', 'event of another account skipped', { eventId: EVENT_ID, account: '444455556666' }]]);
  expect(metrics).toEqual([]);
});

describe('scanCompleted', () => {
  interface Line {
    readonly _aws?: {
      readonly CloudWatchMetrics: readonly [
        {
          readonly Namespace: string;
          readonly Dimensions: readonly string[][];
          readonly Metrics: readonly { Name: string; Unit: string }[];
        },
      ];
    };
    readonly [key: string]: unknown;
  }

  /** The standard output of the real Logger and Metrics, as Lambda receives it. */
  function written(use: (to: ReturnType<typeof telemetry>) => void): Line[] {
    const texts: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0),
    );
    const metrics = new Metrics({ namespace: 'Imdsv2Enforcer', serviceName: 'imdsv2-enforcer' });
    use(telemetry(new Logger({ serviceName: 'imdsv2-enforcer' }), metrics));
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    spies.forEach((spy) => spy.mockRestore());
    return texts
      .join('')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Line);
  }

  /** Each metric value as CloudWatch receives it: dimensions, name, unit and value. */
  const values = (lines: readonly Line[]) =>
    lines.flatMap((line) =>
      (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics }) =>
        Metrics.map(({ Name, Unit }) => [
          Dimensions.map((keys) =>
            keys
              .map((key) => `${key}=${String(line[key])}`)
              .sort()
              .join(),
          ).join(' | '),
          Name,
          Unit,
          line[Name],
        ]),
      ),
    );

  const GAUGES = { compliant: 90, nonCompliant: 7, needsReview: 5, exempt: 3, oldestNonCompliantSeconds: 86_400 };
  const HOME = 'region=eu-west-1,service=imdsv2-enforcer';
  const ALL = 'service=imdsv2-enforcer';

  it('emits the gauges of the region with both dimensions, and one count for the account', () => {
    const lines = written((to) => to.scanCompleted('eu-west-1', GAUGES));

    expect(values(lines)).toEqual([
      [HOME, 'Compliant', 'Count', 90],
      [HOME, 'NonCompliant', 'Count', 7],
      [HOME, 'NeedsReview', 'Count', 5],
      [HOME, 'Exempt', 'Count', 3],
      [HOME, 'OldestNonCompliantSeconds', 'Seconds', 86_400],
      [ALL, 'ScanCompleted', 'Count', 1],
    ]);
    expect(
      lines.flatMap(({ _aws }) => _aws?.CloudWatchMetrics ?? []).every((each) => each.Namespace === 'Imdsv2Enforcer'),
    ).toBe(true);
    expect(lines.filter(({ _aws }) => _aws === undefined)).toMatchObject([
      { level: 'INFO', message: 'scan completed', region: 'eu-west-1', ...GAUGES },
    ]);
  });

  it('emits no gauges of a region without instances: CloudWatch charges for each', () => {
    const empty = { compliant: 0, nonCompliant: 0, needsReview: 0, exempt: 0, oldestNonCompliantSeconds: 0 };
    const lines = written((to) => to.scanCompleted('eu-west-1', { ...empty, needsReviewBy: {} }));

    expect(values(lines)).toEqual([[ALL, 'ScanCompleted', 'Count', 1]]);
    expect(lines[0]).toMatchObject({ message: 'scan completed', compliant: 0 });
  });

  it('emits the reasons for review with all three dimensions', () => {
    const lines = written((to) =>
      to.scanCompleted('eu-west-1', { ...GAUGES, needsReviewBy: { 'in-use': 3, 'usage-unknown': 2 } }),
    );

    expect(values(lines).filter(([dimensions]) => String(dimensions).startsWith('reason='))).toEqual([
      ['reason=in-use,region=eu-west-1,service=imdsv2-enforcer', 'NeedsReview', 'Count', 3],
      ['reason=usage-unknown,region=eu-west-1,service=imdsv2-enforcer', 'NeedsReview', 'Count', 2],
    ]);
  });

  it('does not mix the gauges with the counts of the account, on which alarms are based', () => {
    const lines = written((to) => {
      to.outcome(outcome({ status: 'needs-review', exposedSeconds: undefined }), true);
      to.outcome(outcome({ status: 'exempt', exposedSeconds: undefined }), true);
      to.scanCompleted('eu-west-1', { ...GAUGES, rejected: 2 });
      to.scanCompleted('us-east-1', GAUGES);
      to.outcome(outcome({ status: 'needs-review', exposedSeconds: undefined }), true);
    });

    expect(values(lines).filter(([dimensions]) => dimensions === ALL)).toEqual([
      [ALL, 'NeedsReview', 'Count', [1, 1]],
      [ALL, 'Exempt', 'Count', 1],
      [ALL, 'ScanCompleted', 'Count', [1, 1]],
      [ALL, 'RejectedInstances', 'Count', 2],
    ]);
    expect(values(lines).filter(([, name]) => name === 'NeedsReview')).toEqual([
      [HOME, 'NeedsReview', 'Count', 5],
      ['region=us-east-1,service=imdsv2-enforcer', 'NeedsReview', 'Count', 5],
      [ALL, 'NeedsReview', 'Count', [1, 1]],
    ]);
  });

  it('counts instances that were handed back', () => {
    expect(values(written((to) => to.handedBack(12)))).toEqual([[ALL, 'HandedBack', 'Count', 12]]);
  });

  it('emits rejected instances only if they were measured, including zero', () => {
    const named = (lines: readonly Line[]) => values(lines).filter(([, name]) => name === 'RejectedInstances');
    expect(named(written((to) => to.scanCompleted('eu-west-1', GAUGES)))).toEqual([]);
    expect(named(written((to) => to.scanCompleted('eu-west-1', { ...GAUGES, rejected: 0 })))).toEqual([
      [ALL, 'RejectedInstances', 'Count', 0],
    ]);
    expect(named(written((to) => to.rejected(3)))).toEqual([[ALL, 'RejectedInstances', 'Count', 3]]);
  });
});
