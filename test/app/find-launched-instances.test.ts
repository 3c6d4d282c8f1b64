import { findLaunchedInstances } from '../../lambda/app/find-launched-instances.ts';
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
const launched = (id: string) => snapshot({ instanceId: id });

const lookup = (over: Partial<Lookup> = {}): Lookup => ({
  account: ACCOUNT,
  region: REGION,
  clientToken: TOKEN,
  atLeast: 2,
  known: [],
  context: context({ recorded: undefined }),
  ...over,
});

describe('findLaunchedInstances, by client token', () => {
  it('records a finding of each instance, with the caller of the launch', async () => {
    const ports = world([launched(A), launched(B)]);

    expect(await findLaunchedInstances(lookup(), ports)).toEqual({ known: [A, B] });

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
        recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled', grantedByCall: false },
      },
    });
    expect(ports.calls).toEqual([`find ${REGION} ${TOKEN}`, `putFindings ${A} ${B}`]);
    expect(ports.findings).toEqual([finding(A), finding(B)]);
  });

  it('records only instances that may have IMDSv1 enabled, including those whose options are unreadable', async () => {
    const ports = world([
      launched(A),
      snapshot({ instanceId: B, options: { HttpTokens: 'required' } }),
      snapshot({ instanceId: C, options: { HttpEndpoint: 'disabled' } }),
      snapshot({ instanceId: instanceId(4), options: { HttpTokens: undefined, HttpEndpoint: undefined } }),
    ]);

    expect(await findLaunchedInstances(lookup({ atLeast: 4 }), ports)).toEqual({ known: [A, B, C, instanceId(4)] });
    expect(ports.calls.at(-1)).toBe(`putFindings ${A} ${instanceId(4)}`);
  });

  it('records every instance with an exemption tag, which came with the launch (3)', async () => {
    const tags = { 'imdsv2:exempt-until': '2026-12-31' };
    const compliant = { HttpTokens: 'required' };
    const ports = world([
      snapshot({ instanceId: A, tags }),
      snapshot({ instanceId: B, tags, options: compliant }),
      snapshot({ instanceId: C, options: compliant }),
    ]);

    await findLaunchedInstances(lookup({ atLeast: 3 }), ports);

    expect(ports.findings).toMatchObject(
      [A, B].map((id) => ({ detail: { instanceId: id, recorded: { grantedByCall: true } } })),
    );
  });

  it('records the instances that it finds, and reports the others as not visible while the launch is recent', async () => {
    const ports = world([launched(A)]);

    expect(await findLaunchedInstances(lookup(), ports)).toMatchObject({
      known: [A],
      failure: {
        kind: 'not-visible',
        message: 'found 1 of at least 2 instances of a launch whose ids CloudTrail omitted',
      },
    });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('does not record again what an earlier search found, even if EC2 no longer returns it', async () => {
    const ports = world([launched(B), launched(C)]);

    expect(await findLaunchedInstances(lookup({ atLeast: 3, known: [A, B] }), ports)).toEqual({ known: [A, B, C] });
    expect(ports.calls).toEqual([`find ${REGION} ${TOKEN}`, `putFindings ${C}`]);
  });

  it('reports the missing instances with the event id after five minutes', async () => {
    const ports = world([launched(A)]);
    const old = lookup({ context: context({ occurredAt: after(-300) }) });

    expect(await findLaunchedInstances(old, ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toEqual([
      [EVENT_ID, 'found 1 of at least 2 instances of a launch whose ids CloudTrail omitted'],
    ]);
  });

  it.each([0, 3600])('leaves a launch that is %i seconds old to a retry if no time is left', async (age) => {
    const ports = world([launched(A), launched(B)], virtualTime(0));
    const late = lookup({ context: context({ occurredAt: after(-age) }) });

    expect(await findLaunchedInstances(late, ports)).toMatchObject({ known: [], failure: { kind: 'deadline' } });
    expect([ports.calls, ports.notUnderstood]).toEqual([[], []]);
  });

  it.each([
    ['find', 'throttled'],
    ['putFindings', 'unavailable'],
    ['find', 'denied'],
  ] as const)('returns the failure if %s fails (%s)', async (call, kind) => {
    const ports = world([launched(A), launched(B)]);
    ports.fail(call, ...Array.from({ length: 50 }, () => failure(kind)));

    expect(await findLaunchedInstances(lookup(), ports)).toMatchObject({ known: [], failure: { kind } });
  });

  it('retries a search after a transient failure', async () => {
    const ports = world([launched(A), launched(B)]);
    ports.fail('find', failure('throttled'), failure('unavailable'));

    expect(await findLaunchedInstances(lookup(), ports)).toEqual({ known: [A, B] });
    expect(ports.findings).toHaveLength(2);
  });

  it('throws an error that is not a FailureError', async () => {
    const ports = world();
    ports.fail('find', new TypeError('x is not a function'));

    await expect(findLaunchedInstances(lookup(), ports)).rejects.toThrow(TypeError);
  });
});

describe('findLaunchedInstances, by launch time', () => {
  const byTime = lookup({ clientToken: undefined, atLeast: 1 });

  it('records the instances of the launch', async () => {
    const ports = world([launched(A)]);

    expect(await findLaunchedInstances(byTime, ports)).toEqual({ known: [A] });
    expect(ports.calls).toEqual([`find ${REGION} by time`, `putFindings ${A}`]);
  });

  it('ignores an existing instance that was started in the same minute', async () => {
    const ports = world([launched(A), existing({ instanceId: B })]);

    expect(await findLaunchedInstances(byTime, ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
  });

  it('reports missing instances at once, because they may require IMDSv2', async () => {
    const ports = world([launched(A)]);

    expect(await findLaunchedInstances(lookup({ clientToken: undefined, atLeast: 2 }), ports)).toEqual({ known: [A] });
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }]);
    expect(ports.notUnderstood).toMatchObject([[EVENT_ID, expect.stringContaining('1 of at least 2')]]);
  });

  it('names no caller, because others may have launched instances in the same minute', async () => {
    const ports = world([launched(A)]);

    await findLaunchedInstances(byTime, ports);

    expect(ports.findings[0]?.detail.caller).toBeUndefined();
  });
});
