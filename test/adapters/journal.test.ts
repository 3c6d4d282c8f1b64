import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { journal } from '../../lambda/adapters/journal.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { failure } from '../support/ports.ts';
import { context, EVENT_ID, outcome, target } from '../support/builders.ts';

/** A journal, and what it wrote. */
function record() {
  const lines: [level: string, message: string, fields: Record<string, unknown>][] = [];
  const metrics: [name: string, unit: string, value: number][] = [];
  const at = (level: string) => (message: string, fields: Record<string, unknown>) =>
    lines.push([level, message, fields]);
  const logger = { info: at('info'), warn: at('warn') } as unknown as Logger;
  const sink = { addMetric: (...metric: (typeof metrics)[number]) => metrics.push(metric) } as unknown as Metrics;
  return { journal: journal(logger, sink), lines, metrics };
}

it.each<[string, Partial<Outcome>, string, string[]]>([
  ['remediated', {}, 'info', ['Remediated', 'ExposureSeconds']],
  [
    'remediated after a set-back',
    { target: target({ trigger: 'drift' }) },
    'info',
    ['Remediated', 'DriftRemediated', 'ExposureSeconds'],
  ],
  ['held', { status: 'held' }, 'info', ['Held']],
  ['exempt', { status: 'exempt' }, 'info', ['Exempt']],
  ['skipped', { status: 'skipped' }, 'info', []],
  ['closed', { status: 'closed' }, 'info', []],
  ['would-remediate', { status: 'would-remediate' }, 'info', []],
  ['failed for good', { status: 'failed', reason: 'denied' }, 'warn', ['Failed']],
  ['failed for now', { status: 'failed', reason: 'throttled' }, 'warn', ['Retried']],
])('%s → one line, the same keys, and the metrics that alarms watch', (_, over, level, names) => {
  const { journal, lines, metrics } = record();

  journal.outcome(outcome(over), true);

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
    'detail',
    'caller',
    'told',
  ]);
});

it.each(['held', 'exempt'] as const)(
  '%s again, by an event that repeats what was told → a line, no count',
  (status) => {
    const { journal, lines, metrics } = record();

    journal.outcome(outcome({ status, exposedSeconds: undefined }), false);

    expect(metrics).toEqual([]);
    expect(lines).toMatchObject([['info', 'outcome', { status, told: false }]]);
  },
);

it('exposure is in seconds, and everything else is counted', () => {
  const { journal, metrics } = record();

  journal.outcome(outcome({ exposedSeconds: 0 }), true);

  expect(metrics).toEqual([
    ['Remediated', 'Count', 1],
    ['ExposureSeconds', 'Seconds', 0],
  ]);
});

it('what strangers wrote is on one line, short, and without control characters', () => {
  const { journal, lines } = record();
  const hostile = `a\u001b[2J\n\u202eb${'x'.repeat(10_000)}`;
  const of = { ...target(), context: context({ eventId: hostile, caller: { principal: hostile } }) };

  journal.outcome(outcome({ target: of, detail: hostile }), true);
  journal.notUnderstood(hostile, 'a problem');
  journal.warning('something', failure('unknown', hostile));

  const cleaned = expect.stringMatching(/^a\[2J bx{1,121}…$/);
  expect(lines).toMatchObject([
    ['info', 'outcome', { eventId: cleaned, caller: cleaned, detail: cleaned }],
    ['warn', 'not understood', { eventId: cleaned, problem: 'a problem' }],
    ['warn', 'something', { error: cleaned }],
  ]);
});

it('what is not understood is counted, for its alarm', () => {
  const { journal, metrics } = record();

  journal.notUnderstood(EVENT_ID, 'a problem');

  expect(metrics).toEqual([['NotUnderstood', 'Count', 1]]);
});
