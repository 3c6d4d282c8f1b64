import fc from 'fast-check';
import { checkRollback, rollback, type RollbackPorts } from '../../lambda/app/rollback.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import { ALLOWANCE, type AccountDefaults } from '../../lambda/core/rollback.ts';
import { INSTANCE, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { failure, virtualTime } from '../support/ports.ts';

const REQUEST = { region: REGION, instanceId: INSTANCE, until: '2026-12-06', reason: 'agent X' };
const IMDSV2_REQUIRED = { options: { HttpTokens: 'required' } };

interface AccountChange {
  readonly defaults?: AccountDefaults;
  readonly shownAfter?: number;
}

/** An account with one instance, whose tags EC2 shows after some describes. */
function account(given: SnapshotChange = IMDSV2_REQUIRED, { defaults = {}, shownAfter = 0 }: AccountChange = {}) {
  const calls: string[] = [];
  const faults = new Map<string, Error[]>();
  let [instance, shown]: (Snapshot | undefined)[] = [snapshot(given), snapshot(given)];
  let describes = 0;
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
        if (!calls.includes('grant') || describes++ >= shownAfter) shown = instance;
        return shown === undefined ? [] : [shown];
      },
      find: () => Promise.resolve([]),
    },
    writer: {
      checkAllowed: () => begin('checkAllowed'),
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

describe('checkRollback', () => {
  it('reads everything and changes nothing', async () => {
    const { ports, calls } = account();

    expect(await checkRollback(REQUEST, ports)).toEqual({ possible: true, snapshot: snapshot(IMDSV2_REQUIRED) });
    expect(calls).toEqual(['describe', 'defaults', 'checkAllowed']);
  });

  it('returns that the instance is gone', async () => {
    const aws = account();
    aws.lose();

    expect(await checkRollback(REQUEST, aws.ports)).toEqual({ possible: false, obstacle: 'gone', defaults: {} });
  });

  it('returns the obstacle, with the message of the organization', async () => {
    const defaults = {
      HttpTokensEnforced: 'enabled',
      ManagedBy: 'declarative-policy',
      ManagedExceptionMessage: 'putSteps',
    };
    const { ports, calls } = account(IMDSV2_REQUIRED, { defaults });

    expect(await checkRollback(REQUEST, ports)).toEqual({ possible: false, obstacle: 'enforced-by-policy', defaults });
    expect(calls).toEqual(['describe', 'defaults']);
  });

  it('does without the defaults, unless no time is left', async () => {
    const { ports, fail, calls } = account();
    const denied = failure('denied');
    fail('defaults', denied, failure('deadline'));

    expect(await checkRollback(REQUEST, ports)).toMatchObject({ possible: true, unreadDefaults: denied });
    expect(calls).toEqual(['describe', 'defaults', 'checkAllowed']);
    await expect(checkRollback(REQUEST, ports)).rejects.toMatchObject({ kind: 'deadline' });
  });

  it('throws if EC2 would refuse', async () => {
    const { ports, fail } = account();
    fail('checkAllowed', failure('throttled'), failure('denied'));

    await expect(checkRollback(REQUEST, ports)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('needs no dry run if IMDSv1 is enabled', async () => {
    const { ports, calls } = account({});

    expect(await checkRollback(REQUEST, ports)).toMatchObject({ possible: true });
    expect(calls).toEqual(['describe', 'defaults']);
  });
});

describe('rollback', () => {
  const run = async (aws: ReturnType<typeof account>) => rollback(REQUEST, snapshot(IMDSV2_REQUIRED), aws.ports);

  it('writes the exemption first and then allows IMDSv1', async () => {
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

  it('waits until EC2 shows the tag', async () => {
    const aws = account(IMDSV2_REQUIRED, { shownAfter: 4 });

    expect(await run(aws)).toMatchObject({ status: 'allowed' });
    expect(aws.calls).toEqual(['grant', ...Array<string>(5).fill('describe'), 'allow']);
  });

  it('is partial if EC2 never shows the tag', async () => {
    const aws = account(IMDSV2_REQUIRED, { shownAfter: 99 });

    expect(await run(aws)).toMatchObject({ status: 'partial', failure: { kind: 'not-visible' } });
    expect(aws.calls).not.toContain('allow');
    expect(aws.calls).toHaveLength(7);
  });

  it('is partial if EC2 still shows an earlier exemption', async () => {
    const aws = account({ ...IMDSV2_REQUIRED, tags: { 'imdsv2:exempt-until': '2026-11-30' } }, { shownAfter: 99 });

    expect(await run(aws)).toMatchObject({ status: 'partial', failure: { kind: 'not-visible' } });
  });

  it('writes only the exemption if IMDSv1 is enabled', async () => {
    const aws = account({});

    expect(await rollback(REQUEST, snapshot(), aws.ports)).toEqual({ status: 'exempted' });
    expect(aws.calls).toEqual(['grant']);
  });

  it('throws if the exemption cannot be written', async () => {
    const aws = account();
    aws.fail('grant', failure('denied'));

    await expect(run(aws)).rejects.toMatchObject({ kind: 'denied' });
    expect(aws.calls).toEqual(['grant', 'describe']);
  });

  it('is partial if the exemption was written but its response was lost', async () => {
    const aws = account();
    const exemptions: RollbackPorts['exemptions'] = {
      ...aws.ports.exemptions,
      grant: async (...args) => {
        await aws.ports.exemptions.grant(...args);
        throw failure('unknown', 'socket hang up');
      },
    };

    expect(await rollback(REQUEST, snapshot(IMDSV2_REQUIRED), { ...aws.ports, exemptions })).toMatchObject({
      status: 'partial',
      failure: { message: 'socket hang up' },
    });
    expect(aws.calls).not.toContain('allow');
  });

  it('does not switch IMDS on if it was switched off in the meantime', async () => {
    const aws = account();
    aws.change({ options: { ...IMDSV2_REQUIRED.options, HttpEndpoint: 'disabled' } });

    expect(await run(aws)).toMatchObject({ status: 'partial', failure: { kind: 'wrong-state' } });
    expect(aws.calls).not.toContain('allow');
  });

  it('is partial if IMDSv1 cannot be allowed', async () => {
    const aws = account();
    aws.fail('allow', failure('unavailable'), failure('unsupported', 'enforced'));

    expect(await run(aws)).toMatchObject({ status: 'partial', failure: { kind: 'unsupported', message: 'enforced' } });
    expect(aws.calls).toEqual(['grant', 'describe', 'allow', 'allow', 'describe']);
  });

  it('is complete if IMDSv1 was allowed but the response was lost', async () => {
    const aws = account();
    const writer: RollbackPorts['writer'] = {
      ...aws.ports.writer,
      allow: async (region, id) => {
        await aws.ports.writer.allow(region, id);
        throw failure('unknown', 'socket hang up');
      },
    };

    expect(await rollback(REQUEST, snapshot(IMDSV2_REQUIRED), { ...aws.ports, writer })).toMatchObject({
      status: 'allowed',
    });
  });

  it('is partial if it is interrupted after the exemption', async () => {
    const aws = account();
    const time = { ...virtualTime(0) };

    expect(await rollback(REQUEST, snapshot(IMDSV2_REQUIRED), { ...aws.ports, time })).toMatchObject({
      status: 'partial',
      failure: { kind: 'deadline' },
    });
    expect(aws.calls).toEqual(['grant']);
  });
});

it('changes nothing but HttpTokens, whatever fails', async () => {
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
  const faults = fc.dictionary(fc.constantFrom('describe', 'defaults', 'checkAllowed', 'grant', 'allow'), kinds);
  const state = fc.constantFrom('running', 'stopped', 'pending', 'shutting-down', 'terminated');
  await fc.assert(
    fc.asyncProperty(options, state, fc.boolean(), faults, async (given, state, awsManaged, planned) => {
      const aws = account({ options: given, state, awsManaged });
      for (const [call, failures] of Object.entries(planned)) aws.fail(call, ...failures.map((kind) => failure(kind)));
      const before = aws.instance?.options;
      const check = await checkRollback(REQUEST, aws.ports).catch(() => undefined);
      if (check?.possible) await rollback(REQUEST, check.snapshot, aws.ports).catch(() => undefined);

      const after = aws.instance?.options;
      expect({ ...after, HttpTokens: before?.HttpTokens, State: before?.State }).toEqual(before);
      const allowed = after?.HttpTokens !== before?.HttpTokens;
      if (allowed) {
        expect(before).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
        expect(aws.calls.indexOf('grant')).toBeLessThan(aws.calls.indexOf('allow'));
        expect(aws.instance?.tags.get('imdsv2:exempt-until')).toBe('2026-12-06');
      }
      if (!check?.possible) expect(aws.instance?.tags.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
