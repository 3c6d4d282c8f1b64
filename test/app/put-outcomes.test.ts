import { putOutcomes } from '../../lambda/app/put-outcomes.ts';
import type { OutcomeBus } from '../../lambda/app/ports/index.ts';
import { type OutcomeEvent, readDetail, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { toWorkloadImpactDetails } from '../../lambda/core/workload-impact.ts';
import { ACCOUNT, instanceId, NOW, outcome, REGION, snapshot, target } from '../support/builders.ts';
import { digest, jsonOf } from '../support/digest.ts';
import { failure, virtualTime } from '../support/ports.ts';

const EVENTS = [1, 2, 3].map((number) =>
  toOutcomeEvent(toOutcomeDetail(outcome({ target: target({ instanceId: instanceId(number) }) })), NOW),
);

/** A bus that refuses as planned, call by call: the number of the last events, or all with an error. */
function busWith(...plan: readonly (number | Error)[]) {
  const puts: number[] = [];
  const bus: OutcomeBus = {
    put: async (events: readonly OutcomeEvent[]) => {
      const planned = plan[puts.length] ?? 0;
      puts.push(events.length);
      await Promise.resolve();
      if (typeof planned !== 'number') throw planned;
      return planned === 0 ? [] : events.slice(-planned);
    },
  };
  const warnings: string[] = [];
  const telemetry = { warning: (text: string) => warnings.push(text) };
  const ports = (seconds?: number) => ({ bus, telemetry, time: virtualTime(seconds) });
  return { ports, puts, warnings };
}

describe('putOutcomes()', () => {
  it('puts again only what was refused', async () => {
    const { ports, puts } = busWith(2, 1);
    expect(await putOutcomes(EVENTS, ports())).toEqual([]);
    expect(puts).toEqual([3, 2, 1]);
  });

  it('repeats a call that failed', async () => {
    const { ports, puts } = busWith(failure('throttled'), failure('unavailable'));
    await putOutcomes(EVENTS, ports());
    expect(puts).toEqual([3, 3, 3]);
  });

  it('returns what is refused until the deadline, so that a retry of the invocation notifies', async () => {
    const { ports, warnings } = busWith(...Array.from({ length: 1_000 }, () => 1));
    expect(await putOutcomes(EVENTS, ports(20))).toEqual(EVENTS.slice(-1));
    expect(warnings).toEqual(['outcomes could not be put on the event bus; a retry notifies them']);
  });

  it('puts refused events again for some seconds after the deadline of new work', async () => {
    const { ports, puts } = busWith(1, 1);
    expect(await putOutcomes(EVENTS, ports(0))).toEqual([]);
    expect(puts).toEqual([3, 1, 1]);
  });

  it('does not repeat what is denied, and makes no call without events', async () => {
    const { ports, puts } = busWith(failure('denied'));
    expect(await putOutcomes(EVENTS, ports())).toEqual(EVENTS);
    await putOutcomes([], ports());
    expect(puts).toEqual([3]);
  });
});

test('an event names its kind and its instances', () => {
  const [impact] = toWorkloadImpactDetails(
    ACCOUNT,
    REGION,
    [{ snapshot: snapshot(), remediatedAt: NOW, rejected: 1 }],
    { maxExemptionDays: 90 },
  );
  const events = [EVENTS[0]?.detail, impact, jsonOf(digest([]))].flatMap((detail) =>
    detail === undefined ? [] : [toOutcomeEvent(detail, NOW)],
  );
  expect(events.map(({ detailType, resources }) => [detailType, resources])).toEqual([
    ['IMDSv2 Outcome', [`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${instanceId(1)}`]],
    ['IMDSv2 Workload Impact', [`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-0a1b2c3d4e5f60718`]],
    ['IMDSv2 Digest', []],
  ]);
  for (const event of events) expect(readDetail(event)).toBe(event.detail);
});

test.each([
  undefined,
  null,
  7,
  [],
  {},
  { source: 'imdsv2-enforcer' },
  { source: 'imdsv2-enforcer', detail: { schema: 'toString' } },
])('readDetail() of %j is undefined', (event) => {
  expect(readDetail(event)).toBeUndefined();
});
