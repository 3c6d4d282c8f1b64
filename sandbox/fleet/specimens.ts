import { TAG } from '../../lambda/contract.ts';
import type { ImdsUse } from '../aws/cloudwatch/usage.ts';
import type { ExistingInstance } from '../aws/ec2/fleet.ts';

/** An instance to put into a region, and how it uses IMDS. */
export interface Planned {
  readonly instance: ExistingInstance;
  /** @default it has no metrics */
  readonly use?: ImdsUse;
}

export const DAY = 86_400_000;

const OPEN = { HttpTokens: 'optional' };
const CLOSED = { HttpTokens: 'required' };
const CALLING: ImdsUse = { callsPerDay: 288 };
const UNUSED: ImdsUse = { callsPerDay: 0 };

/** The calendar day so many days from then. */
export const dayAfter = (now: number, days: number): string => new Date(now + days * DAY).toISOString().slice(0, 10);

/** One instance of every case there is: in a fleet of any seed, and first, so that a small fleet has them too. */
export function specimens(now: number): readonly Planned[] {
  const running = (Name: string, instance: Partial<ExistingInstance>, use?: ImdsUse): Planned => {
    const launchedAt = new Date(now - 200 * DAY);
    return { instance: { launchedAt, options: OPEN, ...instance, tags: { Name, ...instance.tags } }, use };
  };
  const exempt = (name: string, until: string) =>
    running(name, { tags: { [TAG.exemptUntil]: until, [TAG.exemptReason]: 'agent without IMDSv2' } }, CALLING);
  const managed = (hiddenByDefault: boolean) =>
    running('managed-node', {
      options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
      operator: { principal: 'eks.amazonaws.com', hiddenByDefault },
    });
  return [
    running('open-and-calling', {}, CALLING),
    running('open-and-unused', {}, UNUSED),
    running('open-without-metrics', {}),
    running('already-remediated', { options: CLOSED }, UNUSED),
    running('closed-and-refused', { options: CLOSED }, CALLING),
    running('imds-off', { options: { ...OPEN, HttpEndpoint: 'disabled' } }),
    running('stopped-and-open', { state: 'stopped' }),
    running('stopped-and-closed', { state: 'stopped', options: CLOSED }),
    exempt('exempt', dayAfter(now, 30)),
    exempt('exempt-no-more', dayAfter(now, -10)),
    exempt('exempt-by-nonsense', 'next summer'),
    exempt('exempt-for-too-long', dayAfter(now, 400)),
    managed(false),
    managed(true),
    running('container-host', {
      options: { ...OPEN, HttpPutResponseHopLimit: 1 },
      tags: { 'kubernetes.io/cluster/tools': 'owned' },
    }),
    running('many-hops', { options: { ...OPEN, HttpPutResponseHopLimit: 64 } }),
    running('<img src=x onerror=alert(1)>', {}),
    running("=cmd|' /C calc'!A0", {}),
    running('a,"b";\u202egnp.exe\n| `id` |', {}),
    { instance: { launchedAt: new Date(now - 5 * 365 * DAY), startedAt: new Date(now - DAY), options: OPEN } },
  ];
}
