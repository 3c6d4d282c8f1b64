import { find } from '../../lambda/app/find-launched-instances.ts';
import type { Lookup } from '../../lambda/core/target.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';
import {
  ACCOUNT,
  CALLER,
  context,
  EVENT_ID,
  existing,
  instanceId,
  LAUNCHED,
  REGION,
  snapshot,
} from '../support/builders.ts';

const TOKEN = '5f0c2d1e-7a6b-4c3d-9e8f-a1b2c3d4e5f6';
const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const open = (id: string) => snapshot({ instanceId: id });

const lookup = (over: Partial<Lookup> = {}): Lookup => ({
  account: ACCOUNT,
  region: REGION,
  clientToken: TOKEN,
  atLeast: 2,
  known: [],
  context: context({ recorded: undefined }),
  ...over,
});

describe('a launch whose ids were left out', () => {
  it('is found by its token, and a finding of each instance is kept with the caller of the launch', async () => {
    const ports = world([open(A), open(B)]);

    expect(await find(lookup(), ports)).toEqual({ known: [A, B] });

    const finding = (id: string) => ({
      source: 'imdsv2-enforcer',
      'detail-type': 'IMDSv1 finding recorded',
      id: EVENT_ID,
      account: ACCOUNT,
      region: REGION,
      time: LAUNCHED.toISOString(),
      detail: {
        instanceId: id,
        trigger: 'launch',
        caller: CALLER,
        recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
      },
    });
    expect(ports.calls).toEqual([`find ${REGION} ${TOKEN}`, `sight ${A} ${B}`]);
    expect(ports.findings).toEqual([finding(A), finding(B)]);
  });

  it('only what may answer IMDSv1 becomes a finding; what cannot be read may', async () => {
    const ports = world([
      open(A),
      snapshot({ instanceId: B, options: { HttpTokens: 'required' } }),
      snapshot({ instanceId: C, options: { HttpEndpoint: 'disabled' } }),
      snapshot({ instanceId: instanceId(4), options: { HttpTokens: undefined, HttpEndpoint: undefined } }),
    ]);

    expect(await find(lookup({ atLeast: 4 }), ports)).toEqual({ known: [A, B, C, instanceId(4)] });
    expect(ports.calls.at(-1)).toBe(`sight ${A} ${instanceId(4)}`);
  });

  it('is asked for again, with pauses, until all its instances are there', async () => {
    const ports = world([open(A)]);
    ports.put(open(B), { visibleAfter: 5 });

    expect(await find(lookup(), ports)).toEqual({ known: [A, B] });
    expect(ports.calls).toEqual([...Array<string>(3).fill(`find ${REGION} ${TOKEN}`), `sight ${A} ${B}`]);
    expect(ports.time.now()).toEqual(after(6));
  });

  it('found in part while young → what is there becomes findings, and a later look finds the rest', async () => {
    const ports = world([open(A)]);

    expect(await find(lookup(), ports)).toMatchObject({
      known: [A],
      failure: {
        kind: 'not-visible',
        message: '1 of at least 2 instances of a launch without ids could be found',
      },
    });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('what an earlier look found is no finding again, though EC2 shows it no more', async () => {
    const ports = world([open(B), open(C)]);

    expect(await find(lookup({ atLeast: 3, known: [A, B] }), ports)).toEqual({ known: [A, B, C] });
    expect(ports.calls).toEqual([`find ${REGION} ${TOKEN}`, `sight ${C}`]);
  });

  it('found in part after five minutes → reported with the event id, never silently passed', async () => {
    const ports = world([open(A)]);
    const old = lookup({ context: context({ occurredAt: after(-300) }) });

    expect(await find(old, ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toEqual([
      [EVENT_ID, '1 of at least 2 instances of a launch without ids could be found'],
    ]);
  });

  it.each([0, 3600])(
    '%i seconds old, with no time left to look → a retry looks, and nothing is reported',
    async (age) => {
      const ports = world([open(A), open(B)], virtualTime(0));
      const late = lookup({ context: context({ occurredAt: after(-age) }) });

      expect(await find(late, ports)).toMatchObject({ known: [], failure: { kind: 'deadline' } });
      expect([ports.calls, ports.notUnderstood]).toEqual([[], []]);
    },
  );

  it.each([
    ['find', 'throttled'],
    ['sight', 'unavailable'],
    ['find', 'denied'],
  ] as const)('%s fails (%s) to the end → the failure is given back', async (call, kind) => {
    const ports = world([open(A), open(B)]);
    ports.fail(call, ...Array.from({ length: 50 }, () => failure(kind)));

    expect(await find(lookup(), ports)).toMatchObject({ known: [], failure: { kind } });
  });

  it.each(['find', 'sight'])('%s fails in passing → tried again until it succeeds', async (call) => {
    const ports = world([open(A), open(B)]);
    ports.fail(call, failure('throttled'), failure('unavailable'));

    expect(await find(lookup(), ports)).toEqual({ known: [A, B] });
    expect(ports.findings).toHaveLength(2);
  });

  it('an exception that is no failure is a bug, and is thrown', async () => {
    const ports = world();
    ports.fail('find', new TypeError('x is not a function'));

    await expect(find(lookup(), ports)).rejects.toThrow(TypeError);
  });
});

describe('a launch without ids and without a token', () => {
  const byTime = lookup({ clientToken: undefined, atLeast: 1 });

  it('is found by its time', async () => {
    const ports = world([open(A)]);

    expect(await find(byTime, ports)).toEqual({ known: [A] });
    expect(ports.calls).toEqual([`find ${REGION} by time`, `sight ${A}`]);
  });

  it('an existing instance that was started in the same minute is not taken for launched', async () => {
    const ports = world([open(A), existing({ instanceId: B })]);

    expect(await find(byTime, ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
  });

  it('fewer than it launched are found: the rest may be closed, so it is reported and not asked for again', async () => {
    const ports = world([open(A)]);

    expect(await find(lookup({ clientToken: undefined, atLeast: 2 }), ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toMatchObject([[EVENT_ID, expect.stringContaining('1 of at least 2')]]);
  });

  it('nobody is named as the caller of what others may have launched in the same minute', async () => {
    const ports = world([open(A)]);

    await find(byTime, ports);

    expect(ports.findings[0]?.detail.caller).toBeUndefined();
  });
});
