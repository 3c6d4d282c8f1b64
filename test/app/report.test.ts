import { report } from '../../lambda/app/report.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { failure, world } from '../support/ports.ts';
import { existing, instanceId, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { trail: true, maxExemptionDays: 90 };
const running = target({ trigger: 'running' });

describe('told', () => {
  it.each<[string, Partial<Outcome>]>([
    ['what was remediated', {}],
    ['what audit mode would remediate', { status: 'would-remediate' }],
    ['what was closed by an earlier try', { status: 'already-remediated' }],
    ['an exemption', { status: 'exempt' }],
    ['what is held', { status: 'needs-review' }],
    ['a failure that stands', { status: 'failed', reason: 'denied' }],
    ['a failure that is tried again but leaves IMDSv1 reachable', { status: 'failed', reason: 'throttled' }],
    ['what the net under CloudTrail remediated', { target: running }],
    ['an old instance that was started', { target: running, status: 'needs-review', snapshot: existing() }],
  ])('%s', async (_, over) => {
    const ports = world();

    await report([outcome(over)], OPTIONS, ports);

    expect(ports.published).toHaveLength(1);
    expect(ports.outcomes).toEqual([outcome(over)]);
  });
});

describe('written down, but not told', () => {
  it.each<[string, Partial<Outcome>]>([
    ['what was skipped', { status: 'skipped' }],
    ['an id that EC2 does not show yet', { status: 'failed', reason: 'not-visible', snapshot: undefined }],
    ['an instance that is not ready yet', { status: 'failed', reason: 'not-ready' }],
    ['a new instance held, of which the record of its launch told', { target: running, status: 'needs-review' }],
    ['a new exempt instance, of which the record of its launch told', { target: running, status: 'exempt' }],
  ])('%s', async (_, over) => {
    const ports = world();

    await report([outcome(over)], OPTIONS, ports);

    expect(ports.calls).toEqual([]);
    expect(ports.outcomes).toEqual([outcome(over)]);
  });

  it('without a trail nobody else tells of a new instance, so it is told', async () => {
    const ports = world();

    await report([outcome({ target: running, status: 'needs-review' })], { ...OPTIONS, trail: false }, ports);

    expect(ports.published).toHaveLength(1);
  });

  it('nothing at all is no call', async () => {
    const ports = world();

    await report([], OPTIONS, ports);

    expect(ports.calls).toEqual([]);
  });
});

describe('an alert that SNS refuses', () => {
  const other = outcome({ target: target({ region: 'us-east-1' }), snapshot: snapshot() });

  it('is kept on the work queue, nothing is thrown, and the others are sent', async () => {
    const ports = world();
    ports.fail('publish', failure('unavailable', 'SNS is away'));

    await report([outcome(), other], OPTIONS, ports);

    expect(ports.undelivered.map(({ attributes }) => attributes.region)).toEqual(['eu-west-1']);
    expect(ports.published.map(({ attributes }) => attributes.region)).toEqual(['us-east-1']);
    expect(ports.warnings).toEqual(['SNS refused an alert; it waits on the work queue']);
    expect(ports.outcomes).toHaveLength(2);
  });

  it('and the queue refuses too → thrown, so that a retry tells it; the others are sent all the same', async () => {
    const ports = world();
    ports.fail('publish', failure('unavailable', 'SNS is away'));
    ports.fail('keep', failure('unavailable', 'SQS is away'));

    await expect(report([outcome(), other], OPTIONS, ports)).rejects.toEqual(failure('unavailable', 'SQS is away'));

    expect(ports.published.map(({ attributes }) => attributes.region)).toEqual(['us-east-1']);
  });

  it('by an exception that is a bug → thrown, not kept', async () => {
    const ports = world();
    ports.fail('publish', new TypeError('x is not a function'));

    await expect(report([outcome()], OPTIONS, ports)).rejects.toThrow(TypeError);
    expect(ports.undelivered).toEqual([]);
  });
});

it('a whole batch is one message, however many instances', async () => {
  const ports = world();
  const outcomes = Array.from({ length: 60 }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(index) }) }),
  );

  await report(outcomes, OPTIONS, ports);

  expect(ports.published).toMatchObject([{ json: { counts: { remediated: 60 } } }]);
});
