import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { report } from '../../lambda/app/report.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { failure, world } from '../support/ports.ts';
import { existing, instanceId, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { trail: true, maxExemptionDays: 90 };
const running = target({ trigger: 'running' });
const drift = target({ trigger: 'drift' });

describe('an event is put about', () => {
  it.each<[string, Partial<Outcome>]>([
    ['a remediated instance', {}],
    ['an instance that audit mode would remediate', { status: 'would-remediate' }],
    ['an instance that is already remediated', { status: 'already-remediated' }],
    ['an exempt instance', { status: 'exempt' }],
    ['an instance that needs review', { status: 'needs-review' }],
    ['a permanent failure', { status: 'failed', reason: 'denied' }],
    ['an instance that was given up', { status: 'failed', reason: 'given-up' }],
    ['drift that has to wait', { status: 'failed', reason: 'throttled', target: drift, isWaiting: true }],
    ['a new instance that needs review, by its running-state event', { target: running, status: 'needs-review' }],
    ['a new exempt instance, by its running-state event', { target: running, status: 'exempt' }],
    ['a new instance in audit mode, by its running-state event', { target: running, status: 'would-remediate' }],
    ['an instance that a running-state event remediated', { target: running }],
    ['an existing instance that was started', { target: running, status: 'needs-review', snapshot: existing() }],
  ])('%s', async (_, over) => {
    const ports = world();

    await report([outcome(over)], OPTIONS, ports);

    expect(ports.events).toHaveLength(1);
    expect(ports.outcomes).toEqual([outcome(over)]);
  });
});

describe('no event is put about', () => {
  it.each<[string, Partial<Outcome>]>([
    ['a skipped instance', { status: 'skipped' }],
    ['an instance that EC2 does not return yet', { status: 'failed', reason: 'not-visible', snapshot: undefined }],
    ['an instance that is not ready yet', { status: 'failed', reason: 'not-ready' }],
    ['a failure that is retried', { status: 'failed', reason: 'throttled' }],
    ['drift that is retried', { status: 'failed', reason: 'throttled', target: drift }],
    ['an exempt instance that was started again', { target: running, status: 'exempt', snapshot: existing() }],
  ])('%s', async (_, over) => {
    const ports = world();

    await report([outcome(over)], OPTIONS, ports);

    expect(ports.calls).toEqual([]);
    expect(ports.outcomes).toEqual([outcome(over)]);
  });

  it('an empty batch', async () => {
    const ports = world();

    await report([], OPTIONS, ports);

    expect(ports.calls).toEqual([]);
  });
});

describe('an event that the bus does not accept', () => {
  const other = outcome({ target: target({ region: 'us-east-1' }), snapshot: snapshot() });

  it('is returned', async () => {
    const ports = world();
    ports.fail('notify', failure('denied', 'no'));

    expect(await report([outcome(), other], OPTIONS, ports)).toEqual([outcome(), other]);

    expect(ports.warnings).toEqual(['outcomes could not be put on the event bus; a retry notifies them']);
    expect(ports.outcomes).toHaveLength(2);
  });

  it('because of a bug is an error', async () => {
    const ports = world();
    ports.fail('notify', new TypeError('x is not a function'));

    await expect(report([outcome()], OPTIONS, ports)).rejects.toThrow(TypeError);
  });
});

it('puts one event for each outcome', async () => {
  const ports = world();
  const outcomes = Array.from({ length: 60 }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(index) }) }),
  );

  expect(await report(outcomes, { ...OPTIONS, ownerTag: 'Owner' }, ports)).toEqual([]);

  expect(ports.events.map(({ detail }) => detail)).toEqual(outcomes.map((each) => toOutcomeDetail(each, 'Owner')));
});
