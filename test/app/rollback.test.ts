import fc from 'fast-check';
import { foresee, rollback, type RollbackPorts } from '../../lambda/app/rollback.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import { ALLOWANCE, type AccountDefaults } from '../../lambda/core/rollback.ts';
import { INSTANCE, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { failure, virtualTime } from '../support/ports.ts';

const REQUEST = { region: REGION, instanceId: INSTANCE, until: '2026-12-06', reason: 'agent X' };
const CLOSED = { options: { HttpTokens: 'required' } };

interface AccountChange {
  readonly defaults?: AccountDefaults;
  readonly shownAfter?: number;
}

/** One instance, which EC2 shows after so many looks at its tags. */
function account(given: SnapshotChange = CLOSED, { defaults = {}, shownAfter = 0 }: AccountChange = {}) {
  const calls: string[] = [];
  const faults = new Map<string, Error[]>();
  let [instance, shown]: (Snapshot | undefined)[] = [snapshot(given), snapshot(given)];
  let looks = 0;
  const begin = async (call: string) => {
    calls.push(call);
    await Promise.resolve();
    const fault = faults.get(call)?.shift();
    if (fault !== undefined) throw fault;
  };
  const ports: RollbackPorts = {
    reader: {
      describe: async () => {
        await begin('describe');
        if (!calls.includes('grant') || looks++ >= shownAfter) shown = instance;
        return shown === undefined ? [] : [shown];
      },
      find: () => Promise.resolve([]),
    },
    allowing: {
      mayAllow: () => begin('mayAllow'),
      allow: async () => {
        await begin('allow');
        const options: MetadataOptions = { ...instance?.options, ...ALLOWANCE, State: 'pending' };
        if (instance !== undefined) instance = { ...instance, options };
        return options;
      },
      defaults: async () => {
        await begin('defaults');
        return defaults;
      },
    },
    exemptions: {
      grant: async (_, ids, until, reason) => {
        await begin('grant');
        const tags = new Map([
          ...(instance?.tags ?? []),
          ['imdsv2:exempt-until', until],
          ['imdsv2:exempt-reason', reason],
        ] as const);
        if (instance !== undefined && ids.includes(instance.instanceId)) instance = { ...instance, tags };
      },
      revoke: () => begin('revoke'),
    },
    time: virtualTime(120),
  };
  return {
    ports,
    calls,
    fail: (call: string, ...errors: Error[]) => void faults.set(call, errors),
    change: (over: Partial<Snapshot>) => void (instance &&= { ...instance, ...over }),
    lose: () => void (instance = undefined),
    get instance() {
      return instance;
    },
  };
}

describe('beforehand', () => {
  it('reads everything and changes nothing', async () => {
    const { ports, calls } = account();

    expect(await foresee(REQUEST, ports)).toEqual({ possible: true, snapshot: snapshot(CLOSED) });
    expect(calls).toEqual(['describe', 'defaults', 'mayAllow']);
  });

  it('says that it is gone', async () => {
    const aws = account();
    aws.lose();

    expect(await foresee(REQUEST, aws.ports)).toEqual({ possible: false, obstacle: 'gone', defaults: {} });
  });

  it('says what is in the way, with what the organization says', async () => {
    const defaults = { HttpTokensEnforced: 'enabled', ManagedBy: 'declarative-policy', ManagedExceptionMessage: 'ask' };
    const { ports, calls } = account(CLOSED, { defaults });

    expect(await foresee(REQUEST, ports)).toEqual({ possible: false, obstacle: 'enforced-by-policy', defaults });
    expect(calls).toEqual(['describe', 'defaults']);
  });

  it('fails where EC2 would refuse', async () => {
    const { ports, fail } = account();
    fail('mayAllow', failure('throttled'), failure('denied'));

    await expect(foresee(REQUEST, ports)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('does not ask EC2 about what is open already', async () => {
    const { ports, calls } = account({});

    expect(await foresee(REQUEST, ports)).toMatchObject({ possible: true });
    expect(calls).toEqual(['describe', 'defaults']);
  });
});

describe('the exemption comes first', () => {
  const run = async (aws: ReturnType<typeof account>) => rollback(REQUEST, snapshot(CLOSED), aws.ports);

  it('and then the tokens', async () => {
    const aws = account();

    expect(await run(aws)).toMatchObject({ status: 'allowed', after: { HttpTokens: 'optional' } });
    expect(aws.calls).toEqual(['grant', 'describe', 'allow']);
    expect(aws.instance?.tags).toEqual(
      new Map([
        ['imdsv2:exempt-until', '2026-12-06'],
        ['imdsv2:exempt-reason', 'agent X'],
      ]),
    );
  });

  it('and EC2 must show it before the tokens are touched', async () => {
    const aws = account(CLOSED, { shownAfter: 4 });

    expect(await run(aws)).toMatchObject({ status: 'allowed' });
    expect(aws.calls).toEqual(['grant', ...Array<string>(5).fill('describe'), 'allow']);
  });

  it('a tag that EC2 never shows: half of it was done', async () => {
    const aws = account(CLOSED, { shownAfter: 99 });

    expect(await run(aws)).toMatchObject({ status: 'half', failure: { kind: 'not-visible' } });
    expect(aws.calls).not.toContain('allow');
    expect(aws.calls).toHaveLength(7);
  });

  it('an older exemption that EC2 still shows does not count', async () => {
    const aws = account({ ...CLOSED, tags: { 'imdsv2:exempt-until': '2026-11-30' } }, { shownAfter: 99 });

    expect(await run(aws)).toMatchObject({ status: 'half', failure: { kind: 'not-visible' } });
  });

  it('alone, where IMDSv1 was reachable before', async () => {
    const aws = account({});

    expect(await rollback(REQUEST, snapshot(), aws.ports)).toEqual({ status: 'exempted' });
    expect(aws.calls).toEqual(['grant']);
  });

  it('tags that cannot be written: nothing was changed', async () => {
    const aws = account();
    aws.fail('grant', failure('denied'));

    await expect(run(aws)).rejects.toMatchObject({ kind: 'denied' });
    expect(aws.calls).toEqual(['grant', 'describe']);
  });

  it('tags that were written though the answer never came: half of it was done', async () => {
    const aws = account();
    const exemptions: RollbackPorts['exemptions'] = {
      ...aws.ports.exemptions,
      grant: async (...args) => {
        await aws.ports.exemptions.grant(...args);
        throw failure('unknown', 'socket hang up');
      },
    };

    expect(await rollback(REQUEST, snapshot(CLOSED), { ...aws.ports, exemptions })).toMatchObject({
      status: 'half',
      failure: { message: 'socket hang up' },
    });
    expect(aws.calls).not.toContain('allow');
  });

  it('IMDS that was switched off meanwhile stays off', async () => {
    const aws = account();
    aws.change({ options: { ...CLOSED.options, HttpEndpoint: 'disabled' } });

    expect(await run(aws)).toMatchObject({ status: 'half', failure: { kind: 'wrong-state' } });
    expect(aws.calls).not.toContain('allow');
  });

  it('the second step fails: half of it was done', async () => {
    const aws = account();
    aws.fail('allow', failure('unavailable'), failure('unsupported', 'enforced'));

    expect(await run(aws)).toMatchObject({ status: 'half', failure: { kind: 'unsupported', message: 'enforced' } });
    expect(aws.calls).toEqual(['grant', 'describe', 'allow', 'allow', 'describe']);
  });

  it('the second step was carried out though its answer never came: all of it was done', async () => {
    const aws = account();
    const allowing: RollbackPorts['allowing'] = {
      ...aws.ports.allowing,
      allow: async (region, id) => {
        await aws.ports.allowing.allow(region, id);
        throw failure('unknown', 'socket hang up');
      },
    };

    expect(await rollback(REQUEST, snapshot(CLOSED), { ...aws.ports, allowing })).toMatchObject({ status: 'allowed' });
  });

  it('interrupted after the tags: half of it was done, and the tokens are not touched', async () => {
    const aws = account();
    const time = { ...virtualTime(0) };

    expect(await rollback(REQUEST, snapshot(CLOSED), { ...aws.ports, time })).toMatchObject({
      status: 'half',
      failure: { kind: 'deadline' },
    });
    expect(aws.calls).toEqual(['grant']);
  });
});

it('nothing gets weaker but the tokens, whatever goes wrong', async () => {
  const kinds = fc.array(fc.constantFrom('throttled', 'unavailable', 'denied', 'unsupported', 'unknown'), {
    maxLength: 3,
  });
  const options = fc.record({
    HttpTokens: fc.constantFrom('optional', 'required', 'preferred', undefined),
    HttpEndpoint: fc.constantFrom('enabled', 'enabled', 'disabled', undefined),
    HttpPutResponseHopLimit: fc.integer({ min: 1, max: 64 }),
    HttpProtocolIpv6: fc.constantFrom('enabled', 'disabled'),
    InstanceMetadataTags: fc.constantFrom('enabled', 'disabled'),
  });
  const faults = fc.dictionary(fc.constantFrom('describe', 'defaults', 'mayAllow', 'grant', 'allow'), kinds);
  const state = fc.constantFrom('running', 'stopped', 'pending', 'shutting-down', 'terminated');
  await fc.assert(
    fc.asyncProperty(options, state, fc.boolean(), faults, async (has, state, awsManaged, planned) => {
      const aws = account({ options: has, state, awsManaged });
      for (const [call, failures] of Object.entries(planned)) aws.fail(call, ...failures.map((kind) => failure(kind)));
      const before = aws.instance?.options;
      const prospect = await foresee(REQUEST, aws.ports).catch(() => undefined);
      if (prospect?.possible) await rollback(REQUEST, prospect.snapshot, aws.ports).catch(() => undefined);

      const after = aws.instance?.options;
      expect({ ...after, HttpTokens: before?.HttpTokens, State: before?.State }).toEqual(before);
      const allowed = after?.HttpTokens !== before?.HttpTokens;
      if (allowed) {
        expect(before).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
        expect(aws.calls.indexOf('grant')).toBeLessThan(aws.calls.indexOf('allow'));
        expect(aws.instance?.tags.get('imdsv2:exempt-until')).toBe('2026-12-06');
      }
      if (!prospect?.possible) expect(aws.instance?.tags.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
