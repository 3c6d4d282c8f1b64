import { SCAN_HOURS } from '../../../lambda/config.ts';
import { isFirstOfDay } from '../../../lambda/app/scan/summary.ts';
import type { Run } from '../../../lambda/triggers/scan.ts';
import { instanceId, NOW, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, reported, rules, RUN, scanWorld, take } from '../../support/scan.ts';

const summaryStep = (run: Run = RUN, nonCompliantBefore = 0, requested = 0) =>
  ({ ...run, step: 'summary', nonCompliantBefore, requested }) as const;
const [A, B, C, D, E, F] = [1, 2, 3, 4, 5, 6].map(instanceId) as [string, string, string, string, string, string];
const REQUIRED = { options: { HttpTokens: 'required' } };

/** Two open, one exempt, one compliant, one pending, one badly exempt. */
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
  it.each(SCAN_HOURS)('every %s hours, exactly one run a day is it', (hours) => {
    const every = Number(hours);
    const runs = Array.from({ length: 24 / every }, (_, index) => new Date(Date.UTC(2026, 10, 22, index * every)));
    const late = runs.map((run) => new Date(run.getTime() + 59_000));

    for (const starts of [runs, late]) {
      expect(starts.filter((run) => isFirstOfDay(run, every))).toEqual([starts[0]]);
    }
  });

  it('tells how the region stands, though nothing was closed', async () => {
    const ports = mixed();

    await take(summaryStep(DAILY), rules({ existing: 'audit' }), ports);

    expect(ports.digests()).toMatchObject([
      {
        attributes: { status: ['digest'], severity: 'info', region: REGION, trigger: 'scan' },
        json: {
          startedAt: '2026-11-22T00:00:00.000Z',
          counts: { 'non-compliant': 3, exempt: 1, compliant: 1, pending: 1 },
          closed: 0,
          compliancePercent: 16.6,
          open: { 'existing-instance': 2, 'exemption-malformed': 1 },
        },
      },
    ]);
  });

  it('says what holds what it left open, once it measured that', async () => {
    const [measured, not] = [mixed(), mixed()];

    await take(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), measured);
    await take(summaryStep(RUN, 3, 2), rules({ existing: 'enforce-when-unused' }), not);

    const [[, daily] = []] = measured.completed;
    expect(daily?.needsReviewBy).toEqual({ 'in-use': 1, 'exemption-malformed': 1 });
    expect(daily?.needsReview).toBe(2);
    expect(not.completed[0]?.[1].needsReviewBy).toBeUndefined();
  });

  it('comes late, after noon: it is still the first, and the run of noon still is not', async () => {
    const ports = mixed();
    await take(summaryStep(DAILY), rules(), ports);
    await take(summaryStep(RUN), rules(), ports);
    expect(ports.digests()).toHaveLength(1);
  });

  it('finds where IMDSv1 is refused, with one query', async () => {
    const ports = mixed();
    ports.mostRejected.set(D, 12);

    await take(summaryStep(DAILY), rules(), ports);

    expect(ports.calls.filter((call) => call.startsWith('rejected'))).toEqual([`rejected ${REGION}`]);
    expect(ports.digests()).toMatchObject([{ json: { rejected: { [D]: 12 } }, attributes: { severity: 'MEDIUM' } }]);
    expect(ports.completed).toMatchObject([[REGION, { rejected: 1 }]]);
  });
});

describe('another run', () => {
  it('that closed nothing tells nothing and pays for nothing, but counts', async () => {
    const ports = mixed();

    await take(summaryStep(RUN, 3, 2), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(verbs(ports.calls)).toEqual(['list']);
    expect(ports.completed).toEqual([
      [
        REGION,
        {
          compliant: 1,
          nonCompliant: 3,
          needsReview: 1,
          exempt: 1,
          oldestNonCompliantSeconds: 82 * 86_400 + 43_200,
          rejected: undefined,
        },
      ],
    ]);
  });

  it('that closed something tells it, and asks nobody what is refused', async () => {
    const ports = mixed();

    await take(summaryStep(RUN, 5, 4), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { closed: 2 } }]);
    expect(verbs(ports.calls)).not.toContain('rejected');
  });

  it('that requested for nothing has closed nothing, whoever did', async () => {
    const ports = mixed();

    await take(summaryStep(RUN, 50, 0), rules({ existing: 'audit' }), ports);

    expect(ports.published).toEqual([]);
  });
});

describe('what is measured', () => {
  it('is how the open ones use IMDSv1, and nothing about the compliant and the exempt', async () => {
    const ports = mixed();

    await take(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    expect(ports.calls.filter((call) => call.startsWith('measure'))).toEqual([
      `measure ${REGION} MetadataNoToken ${A} ${B} ${F}`,
    ]);
    expect(ports.digests()[0]?.json.nonCompliant).toEqual({ waiting: 1, 'in-use': 1, 'exemption-malformed': 1 });
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 3, needsReview: 2 }]]);
  });

  it('and cannot be measured is not known, and the region is told all the same', async () => {
    const ports = mixed();
    ports.fail('measure', failure('denied'));
    ports.fail('rejected', failure('denied'));
    ports.fail('defaults', failure('denied'));

    await take(summaryStep(DAILY), rules({ existing: 'enforce-when-unused' }), ports);

    const [digest] = ports.digests();
    expect(digest?.json.nonCompliant).toEqual({ 'usage-unknown': 2, 'exemption-malformed': 1 });
    expect(digest?.json).not.toHaveProperty('rejected', expect.anything());
    expect(digest?.json.missingForEnforcement).toContain('the defaults of the account could not be read');
    expect(ports.warnings).toEqual([
      `how IMDSv1 is used in ${REGION} could not be read`,
      `what is refused in ${REGION} could not be read`,
    ]);
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 3, needsReview: 3 }]]);
  });
});

describe('whether the product is alive', () => {
  it('is in the digest of the home region, as a warning', async () => {
    const ports = mixed();
    ports.off.push('the rule Launch is disabled');

    await take(summaryStep(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([
      { json: { problems: ['the rule Launch is disabled'] }, attributes: { severity: 'MEDIUM' } },
    ]);
  });

  it('is not requested elsewhere', async () => {
    const ports = mixed();

    await take(summaryStep(DAILY), rules({ homeRegion: 'us-east-1' }), ports);

    expect(ports.calls).not.toContain('healthChecks');
    expect(ports.digests()).toMatchObject([{ json: { problems: [] } }]);
  });

  it('is told even if the home region has no instance', async () => {
    const ports = scanWorld();
    ports.off.push('3 dead letters are waiting');

    await take(summaryStep(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { problems: ['3 dead letters are waiting'] } }]);
  });
});

describe('a region without instances', () => {
  it('is not told of, but is complete', async () => {
    const ports = scanWorld();

    await take(summaryStep(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 0, compliant: 0, oldestNonCompliantSeconds: 0 }]]);
  });

  it('those that are going count for none', async () => {
    const ports = scanWorld([old(A, { state: 'shutting-down' }), old(B, { state: 'terminated' })]);

    await take(summaryStep(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
  });
});

it('a region that cannot be listed now is counted later: the step comes again', async () => {
  const ports = mixed();
  ports.fail('list', failure('denied', 'no'));

  await expect(take(summaryStep(DAILY), rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  expect(ports.completed).toEqual([]);
});

it('a digest that SNS refuses waits on the work queue; that neither takes, the step comes again', async () => {
  const ports = mixed();
  ports.fail('publish', failure('unavailable'));
  await take(summaryStep(DAILY), rules(), ports);
  expect(ports.undelivered).toMatchObject([{ json: { schema: 'imdsv2-enforcer.digest/v1' } }]);

  ports.fail('publish', failure('unavailable'));
  ports.fail('keep', failure('unavailable', 'SQS is away'));
  await expect(take(summaryStep(DAILY), rules(), ports)).rejects.toEqual(failure('unavailable', 'SQS is away'));
  expect(ports.completed).toHaveLength(1);
});

it('an instance whose age is not known is not the oldest', async () => {
  const ports = scanWorld([old(A, { launchTime: undefined, firstLaunch: undefined }), old(B)]);

  await take(summaryStep(RUN), rules(), ports);

  expect(ports.completed[0]?.[1].oldestNonCompliantSeconds).toBe((NOW.getTime() - Date.UTC(2026, 9, 1, 8)) / 1000);
});
