import { SWEEP_HOURS } from '../../../lambda/config.ts';
import { isFirstOfDay } from '../../../lambda/app/scan/summary.ts';
import type { Run } from '../../../lambda/triggers/scan.ts';
import { instanceId, NOW, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, reported, rules, RUN, sweepWorld, take } from '../../support/scan.ts';

const close = (run: Run = RUN, openBefore = 0, asked = 0) => ({ ...run, step: 'close', openBefore, asked }) as const;
const [A, B, C, D, E, F] = [1, 2, 3, 4, 5, 6].map(instanceId) as [string, string, string, string, string, string];
const REQUIRED = { options: { HttpTokens: 'required' } };

/** Two open, one exempt, one compliant, one pending, one badly exempt. */
const mixed = () => {
  const ports = sweepWorld([
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
  it.each(SWEEP_HOURS)('every %s hours, exactly one run a day is it', (hours) => {
    const every = Number(hours);
    const runs = Array.from({ length: 24 / every }, (_, index) => new Date(Date.UTC(2026, 10, 22, index * every)));
    const late = runs.map((run) => new Date(run.getTime() + 59_000));

    for (const starts of [runs, late]) {
      expect(starts.filter((run) => isFirstOfDay(run, every))).toEqual([starts[0]]);
    }
  });

  it('tells how the region stands, though nothing was closed', async () => {
    const ports = mixed();

    await take(close(DAILY), rules({ existing: 'audit' }), ports);

    expect(ports.digests()).toMatchObject([
      {
        attributes: { status: ['digest'], severity: 'info', region: REGION, trigger: 'sweep' },
        json: {
          startedAt: '2026-11-22T00:00:00.000Z',
          counts: { open: 3, exempt: 1, compliant: 1, pending: 1 },
          closed: 0,
          compliancePercent: 16.6,
          open: { 'existing-instance': 2, 'exemption-malformed': 1 },
        },
      },
    ]);
  });

  it('says what holds what it left open, once it measured that', async () => {
    const [measured, not] = [mixed(), mixed()];

    await take(close(DAILY), rules({ existing: 'enforce-when-quiet' }), measured);
    await take(close(RUN, 3, 2), rules({ existing: 'enforce-when-quiet' }), not);

    const [[, daily] = []] = measured.completed;
    expect(daily?.heldBy).toEqual({ 'in-use': 1, 'exemption-malformed': 1 });
    expect(daily?.held).toBe(2);
    expect(not.completed[0]?.[1].heldBy).toBeUndefined();
  });

  it('comes late, after noon: it is still the first, and the run of noon still is not', async () => {
    const ports = mixed();
    await take(close(DAILY), rules(), ports);
    await take(close(RUN), rules(), ports);
    expect(ports.digests()).toHaveLength(1);
  });

  it('finds where IMDSv1 is refused, with one query', async () => {
    const ports = mixed();
    ports.mostRejected.set(D, 12);

    await take(close(DAILY), rules(), ports);

    expect(ports.calls.filter((call) => call.startsWith('rejected'))).toEqual([`rejected ${REGION}`]);
    expect(ports.digests()).toMatchObject([{ json: { rejected: { [D]: 12 } }, attributes: { severity: 'warning' } }]);
    expect(ports.completed).toMatchObject([[REGION, { rejected: 1 }]]);
  });
});

describe('another run', () => {
  it('that closed nothing tells nothing and pays for nothing, but counts', async () => {
    const ports = mixed();

    await take(close(RUN, 3, 2), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(verbs(ports.calls)).toEqual(['list']);
    expect(ports.completed).toEqual([
      [
        REGION,
        { compliant: 1, open: 3, held: 1, exempt: 1, oldestOpenSeconds: 82 * 86_400 + 43_200, rejected: undefined },
      ],
    ]);
  });

  it('that closed something tells it, and asks nobody what is refused', async () => {
    const ports = mixed();

    await take(close(RUN, 5, 4), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { closed: 2 } }]);
    expect(verbs(ports.calls)).not.toContain('rejected');
  });

  it('that asked for nothing has closed nothing, whoever did', async () => {
    const ports = mixed();

    await take(close(RUN, 50, 0), rules({ existing: 'audit' }), ports);

    expect(ports.published).toEqual([]);
  });
});

describe('what is measured', () => {
  it('is how the open ones use IMDSv1, and nothing about the compliant and the exempt', async () => {
    const ports = mixed();

    await take(close(DAILY), rules({ existing: 'enforce-when-quiet' }), ports);

    expect(ports.calls.filter((call) => call.startsWith('measure'))).toEqual([
      `measure ${REGION} MetadataNoToken ${A} ${B} ${F}`,
    ]);
    expect(ports.digests()[0]?.json.open).toEqual({ waiting: 1, 'in-use': 1, 'exemption-malformed': 1 });
    expect(ports.completed).toMatchObject([[REGION, { open: 3, held: 2 }]]);
  });

  it('and cannot be measured is not known, and the region is told all the same', async () => {
    const ports = mixed();
    ports.fail('measure', failure('denied'));
    ports.fail('rejected', failure('denied'));
    ports.fail('defaults', failure('denied'));

    await take(close(DAILY), rules({ existing: 'enforce-when-quiet' }), ports);

    const [digest] = ports.digests();
    expect(digest?.json.open).toEqual({ 'usage-unknown': 2, 'exemption-malformed': 1 });
    expect(digest?.json).not.toHaveProperty('rejected', expect.anything());
    expect(digest?.json.missingForEnforcement).toContain('the defaults of the account could not be read');
    expect(ports.warnings).toEqual([
      `how IMDSv1 is used in ${REGION} could not be read`,
      `what is refused in ${REGION} could not be read`,
    ]);
    expect(ports.completed).toMatchObject([[REGION, { open: 3, held: 3 }]]);
  });
});

describe('whether the product is alive', () => {
  it('is in the digest of the home region, as a warning', async () => {
    const ports = mixed();
    ports.off.push('the rule Launch is disabled');

    await take(close(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([
      { json: { problems: ['the rule Launch is disabled'] }, attributes: { severity: 'warning' } },
    ]);
  });

  it('is not asked elsewhere', async () => {
    const ports = mixed();

    await take(close(DAILY), rules({ homeRegion: 'us-east-1' }), ports);

    expect(ports.calls).not.toContain('pulse');
    expect(ports.digests()).toMatchObject([{ json: { problems: [] } }]);
  });

  it('is told even if the home region has no instance', async () => {
    const ports = sweepWorld();
    ports.off.push('3 dead letters are waiting');

    await take(close(DAILY), rules(), ports);

    expect(ports.digests()).toMatchObject([{ json: { problems: ['3 dead letters are waiting'] } }]);
  });
});

describe('a region without instances', () => {
  it('is not told of, but is complete', async () => {
    const ports = sweepWorld();

    await take(close(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
    expect(ports.completed).toMatchObject([[REGION, { open: 0, compliant: 0, oldestOpenSeconds: 0 }]]);
  });

  it('those that are going count for none', async () => {
    const ports = sweepWorld([old(A, { state: 'shutting-down' }), old(B, { state: 'terminated' })]);

    await take(close(DAILY), rules(), ports);

    expect(ports.published).toEqual([]);
  });
});

it('a region that cannot be listed now is counted later: the step comes again', async () => {
  const ports = mixed();
  ports.fail('list', failure('denied', 'no'));

  await expect(take(close(DAILY), rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  expect(ports.completed).toEqual([]);
});

it('a digest that SNS refuses waits on the work queue; that neither takes, the step comes again', async () => {
  const ports = mixed();
  ports.fail('publish', failure('unavailable'));
  await take(close(DAILY), rules(), ports);
  expect(ports.unsent).toMatchObject([{ json: { schema: 'imdsv2-enforcer.digest/v1' } }]);

  ports.fail('publish', failure('unavailable'));
  ports.fail('keep', failure('unavailable', 'SQS is away'));
  await expect(take(close(DAILY), rules(), ports)).rejects.toEqual(failure('unavailable', 'SQS is away'));
  expect(ports.completed).toHaveLength(1);
});

it('an instance whose age is not known is not the oldest', async () => {
  const ports = sweepWorld([old(A, { launchTime: undefined, firstLaunch: undefined }), old(B)]);

  await take(close(RUN), rules(), ports);

  expect(ports.completed[0]?.[1].oldestOpenSeconds).toBe((NOW.getTime() - Date.UTC(2026, 9, 1, 8)) / 1000);
});
