import { isFirstOfDay } from '../../../lambda/app/scan/summary.ts';
import type { Run } from '../../../lambda/triggers/scan.ts';
import { instanceId, NOW, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, reported, rules, RUN, scanWorld, runStep } from '../../support/scan.ts';

const summaryStep = (run: Run = RUN, ...requestedIds: readonly string[]) =>
  ({ ...run, step: 'summary', requestedIds }) as const;
const [A, B, C, D, E, F] = [1, 2, 3, 4, 5, 6].map(instanceId) as [string, string, string, string, string, string];
const REQUIRED = { options: { HttpTokens: 'required' } };

/** Two non-compliant, one exempt, one compliant, one pending, one with a malformed exemption. */
const mixed = () => {
  const ports = scanWorld([
    old(A),
    old(B, { firstLaunch: new Date('2026-09-01T00:00:00Z') }),
    old(C, { tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
    old(D, REQUIRED),
    old(E, { options: { HttpTokens: 'required', State: 'pending' } }),
    old(F, { tags: { 'imdsv2:exempt-until': 'soon' } }),
  ]);
  ports.metrics.set(`MetadataNoToken ${A}`, reported());
  ports.metrics.set(`MetadataNoToken ${B}`, reported(14));
  return ports;
};
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('the first run of a day', () => {
  it.each([1, 2, 3, 4, 6, 8, 12, 24])('is exactly one every %s hours', (every) => {
    const runs = Array.from({ length: 24 / every }, (_, index) => new Date(Date.UTC(2026, 10, 22, index * every)));
    const late = runs.map((run) => new Date(run.getTime() + 59_000));

    for (const starts of [runs, late]) {
      expect(starts.filter((run) => isFirstOfDay(run, every))).toEqual([starts[0]]);
    }
  });

  it('sends a digest, even if nothing was remediated', async () => {
    const ports = mixed();

    await runStep(summaryStep(DAILY), rules({ existing: 'audit' }), ports);

    expect(ports.digests()).toMatchObject([
      {
        attributes: { status: ['digest'], severity: 'HIGH', region: REGION, trigger: 'scan' },
        json: {
          startedAt: '2026-11-22T00:00:00.000Z',
          counts: { 'non-compliant': 3, exempt: 1, compliant: 1, pending: 1 },
          remediated: 0,
          compliancePercent: 16.6,
          nonCompliant: { 'existing-instance': 3 },
        },
      },
    ]);
  });

  it('emits the reasons for review if usage was measured, and the same total as a run that does not measure', async () => {
    const [measured, notMeasured] = [mixed(), mixed()];

    await runStep(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), measured);
    await runStep(summaryStep(RUN, A, B), rules({ existing: 'enforce-when-unused' }), notMeasured);

    const [[, daily] = []] = measured.completed;
    expect(daily?.needsReviewBy).toEqual({ 'in-use': 1, 'usage-unknown': 1 });
    expect(notMeasured.completed[0]?.[1].needsReviewBy).toBeUndefined();
    // An instance that was measured as unused after the batches of the run is left to the next run, as without a
    // measurement.
    expect([daily?.needsReview, notMeasured.completed[0]?.[1].needsReview]).toEqual([3, 3]);
  });

  it('may be late, and the run at noon is still not the first', async () => {
    const ports = mixed();
    await runStep(summaryStep(DAILY), rules(), ports);
    await runStep(summaryStep(RUN), rules(), ports);
    expect(ports.digests()).toHaveLength(1);
  });

  it('reads the rejected calls with one query', async () => {
    const ports = mixed();
    ports.mostRejected.set(D, 12);

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.calls.filter((call) => call.startsWith('rejected'))).toEqual([`rejected ${REGION}`]);
    expect(ports.digests()).toMatchObject([{ json: { rejected: { [D]: 12 } } }]);
  });

  it('advises a rollback only where IMDSv1 was enabled within 63 days', async () => {
    const ports = mixed();
    ports.mostRejected.set(D, 12).set(E, 7);
    ports.metrics.set(`MetadataNoToken ${D}`, reported());

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.calls).toContain(`measure ${REGION} MetadataNoToken ${D} ${E}`);
    const [digest] = ports.digests();
    expect(digest?.json).toMatchObject({ rejected: { [D]: 12, [E]: 7 }, rejectedWithoutImdsv1: [E] });
    expect(digest?.email).toContain(`imdsv2 rollback ${D}`);
    expect(digest?.email).not.toContain(`imdsv2 rollback ${E}`);
    expect(ports.completed).toMatchObject([[REGION, { rejected: 1 }]]);
  });

  it('advises a rollback if it cannot be read whether IMDSv1 was enabled', async () => {
    const ports = scanWorld([old(D, REQUIRED)]);
    ports.mostRejected.set(D, 12);
    ports.fail('measure', failure('denied'));

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { rejected: { [D]: 12 }, rejectedWithoutImdsv1: [] } }]);
    expect(ports.warnings).toEqual([`IMDSv1 of the last 63 days in ${REGION} could not be read`]);
    expect(ports.completed).toMatchObject([[REGION, { rejected: 1 }]]);
  });
});

describe('a later run of the day', () => {
  it('that remediated nothing sends no digest and measures nothing, but emits gauges', async () => {
    const ports = mixed();

    await runStep(summaryStep(RUN, A, B), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(verbs(ports.calls)).toEqual(['list', 'list']);
    expect(ports.completed).toEqual([
      [
        REGION,
        {
          compliant: 1,
          nonCompliant: 3,
          needsReview: 0,
          exempt: 1,
          oldestNonCompliantSeconds: 82 * 86_400 + 43_200,
          rejected: undefined,
        },
      ],
    ]);
  });

  it('that remediated instances sends a digest without rejected calls, and counts those that require IMDSv2 now', async () => {
    const ports = mixed();

    await runStep(summaryStep(RUN, A, D, E), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { remediated: 2 } }]);
    expect(verbs(ports.calls)).not.toContain('rejected');
  });

  it('does not count instances that are terminated or gone as remediated', async () => {
    const ports = mixed();
    ports.put(old(D, { ...REQUIRED, state: 'terminated' }));

    await runStep(summaryStep(RUN, A, B, D, instanceId(77)), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(verbs(ports.calls)).toEqual(['list', 'list']);
  });
});

it('a digest in mode=audit does not promise a remediation', async () => {
  const { writer, ...ports } = mixed();

  await runStep(summaryStep(DAILY), rules({ existing: 'enforce' }), ports);

  expect(writer).toBeDefined();
  const [digest] = ports.digests();
  expect(digest?.json.nonCompliant).toEqual({ 'audit-mode': 3 });
  expect(digest?.email).toContain('3 non-compliant instances (mode=audit, report only)');
});

describe('IMDSv1 usage', () => {
  it('is measured of non-compliant instances only', async () => {
    const ports = mixed();

    await runStep(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    expect(ports.calls.filter((call) => call.startsWith('measure'))).toEqual([
      `measure ${REGION} MetadataNoToken ${A} ${B} ${F}`,
    ]);
    expect(ports.digests()[0]?.json.nonCompliant).toEqual({
      'remediation-pending': 1,
      'in-use': 1,
      'usage-unknown': 1,
    });
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 3, needsReview: 3 }]]);
  });

  it('is unknown if it cannot be measured, and the digest is sent without it', async () => {
    const ports = mixed();
    ports.fail('measure', failure('denied'));
    ports.fail('rejected', failure('denied'));
    ports.fail('defaults', failure('denied'));

    await runStep(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    const [digest] = ports.digests();
    expect(digest?.json.nonCompliant).toEqual({ 'usage-unknown': 3 });
    expect(digest?.json).not.toHaveProperty('rejected', expect.anything());
    expect(digest?.json.missingForEnforcement).toContain('not looked at: account defaults: denied');
    expect(ports.warnings).toEqual([
      `IMDSv1 usage in ${REGION} could not be read`,
      `rejected IMDSv1 calls in ${REGION} could not be read`,
    ]);
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 3, needsReview: 3 }]]);
  });
});

describe('IMDSv1 usage of a large region', () => {
  const IDS = Array.from({ length: 1_234 }, (_, index) => instanceId(index));
  const large = () =>
    scanWorld(
      IDS.map((id, index) => old(id, index % 10 === 0 ? REQUIRED : {})),
      { pageSize: 300 },
    );
  const measured = (calls: readonly string[]) =>
    calls.filter((call) => call.startsWith('measure')).map((call) => call.split(' ').slice(3));

  it('is measured while the region is listed, 500 instances at a time', async () => {
    const ports = large();

    await runStep(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    expect(verbs(ports.calls).slice(0, 8).join(' ')).toBe('list list measure list list measure list measure');
    expect(measured(ports.calls).map((ids) => ids.length)).toEqual([500, 500, 110]);
    expect(measured(ports.calls).flat()).toEqual(IDS.filter((_, index) => index % 10 !== 0));
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 1_110, compliant: 124 }]]);
  });

  it('is not measured again after a failure, which is repeated for a minute', async () => {
    const ports = large();
    ports.fail('measure', ...Array.from({ length: 1_000 }, () => failure('unavailable')));

    await runStep(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    expect(ports.time.now().getTime() - NOW.getTime()).toBeLessThanOrEqual(60_000);
    expect(new Set(measured(ports.calls).map(([first]) => first))).toEqual(new Set([IDS[1]]));
    expect(ports.warnings).toEqual([`IMDSv1 usage in ${REGION} could not be read`]);
    expect(ports.digests()[0]?.json.nonCompliant).toEqual({ 'usage-unknown': 1_110 });
  });
});

describe('deployment health', () => {
  it('is in the digest of the home region', async () => {
    const ports = mixed();
    ports.problems.push('the rule Launch is disabled');

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { problems: ['rules: the rule Launch is disabled'] } }]);
  });

  it('is not checked in other regions', async () => {
    const ports = mixed();

    await runStep(summaryStep(DAILY), rules({ homeRegion: 'us-east-1' }), ports);

    expect(ports.calls).not.toContain('healthChecks');
    expect(ports.digests()).toMatchObject([{ json: { problems: [] } }]);
  });

  it('is reported even if the home region has no instance', async () => {
    const ports = scanWorld();
    ports.problems.push('the dead-letter queue has 3 messages');

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { problems: ['rules: the dead-letter queue has 3 messages'] } }]);
  });
});

describe('a region without instances', () => {
  it('sends no digest, but is complete', async () => {
    const ports = scanWorld();

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 0, compliant: 0, oldestNonCompliantSeconds: 0 }]]);
  });

  it('may have instances that are shutting down or terminated', async () => {
    const ports = scanWorld([old(A, { state: 'shutting-down' }), old(B, { state: 'terminated' })]);

    await runStep(summaryStep(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
  });
});

it('the step fails and is retried if the region cannot be listed', async () => {
  const ports = mixed();
  ports.fail('list', failure('denied', 'no'));

  await expect(runStep(summaryStep(DAILY), rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  expect(ports.completed).toEqual([]);
});

it('the step is retried if the event bus refuses the digest', async () => {
  const ports = mixed();
  ports.fail('notify', failure('denied'));
  await expect(runStep(summaryStep(DAILY), rules(), ports)).rejects.toThrow(
    'the digest of eu-west-1 must be sent again',
  );
  expect(ports.completed).toEqual([]);
});

it('an instance of unknown age is not the oldest', async () => {
  const ports = scanWorld([old(A, { launchTime: undefined, firstLaunch: undefined }), old(B)]);

  await runStep(summaryStep(RUN), rules(), ports);

  expect(ports.completed[0]?.[1].oldestNonCompliantSeconds).toBe((NOW.getTime() - Date.UTC(2026, 9, 1, 8)) / 1000);
});
