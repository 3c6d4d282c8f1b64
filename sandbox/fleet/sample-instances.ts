import { TAG } from '../../lambda/contract.ts';
import type { ImdsUse } from '../aws/cloudwatch/usage.ts';
import type { ExistingInstance } from '../aws/ec2/fleet.ts';
import type { SoftwareCall } from '../aws/simulation/software.ts';
import { DAY_MS, dayAfter } from '../calendar.ts';

/** An instance to add to a region, and how it uses IMDS. */
export interface PlannedInstance {
  readonly instance: ExistingInstance;
  /** @default the instance has no metrics */
  readonly use?: ImdsUse;
  /** A call that software on it made. */
  readonly call?: SoftwareCall;
}

const IMDSV1_ENABLED = { HttpTokens: 'optional' };
const COMPLIANT = { HttpTokens: 'required' };
const IN_USE: ImdsUse = { callsPerDay: 288 };
const UNUSED: ImdsUse = { callsPerDay: 0 };

/** The last call of software with credentials of IMDSv1. */
const callOf = (userAgent: string, now: number): SoftwareCall => ({
  userAgent,
  service: 'ec2',
  action: 'DescribeTags',
  sourceIp: '10.0.3.4',
  vpcEndpointId: 'vpce-0123456789abcdef0',
  at: new Date(now - DAY_MS),
});
const OLD_SDK = 'Boto3/1.9.86 Python/2.7.16 Linux/4.14.106 Botocore/1.12.92';
const NEW_SDK = 'aws-sdk-go-v2/1.30.3 ua/2.1 os/linux lang/go#1.22.5 api/ec2#1.170.0';

/** One instance of every case. They come first in every fleet, so that a small one has them too. */
export function sampleInstances(now: number): readonly PlannedInstance[] {
  const running = (Name: string, instance: Partial<ExistingInstance>, use?: ImdsUse): PlannedInstance => {
    const launchedAt = new Date(now - 200 * DAY_MS);
    return { instance: { launchedAt, options: IMDSV1_ENABLED, ...instance, tags: { Name, ...instance.tags } }, use };
  };
  const exempt = (name: string, until: string) =>
    running(name, { tags: { [TAG.exemptUntil]: until, [TAG.exemptReason]: 'agent without IMDSv2' } }, IN_USE);
  const managed = (hiddenByDefault: boolean) =>
    running('managed-node', {
      options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
      operator: { principal: 'eks.amazonaws.com', hiddenByDefault },
    });
  return [
    { ...running('imdsv1-in-use', {}, IN_USE), call: callOf(OLD_SDK, now) },
    running('imdsv1-unused', {}, UNUSED),
    running('imdsv1-no-metrics', {}),
    running('compliant', { options: COMPLIANT }, UNUSED),
    running('compliant-calls-rejected', { options: COMPLIANT }, IN_USE),
    running('imds-off', { options: { ...IMDSV1_ENABLED, HttpEndpoint: 'disabled' } }),
    running('stopped-imdsv1', { state: 'stopped' }),
    running('stopped-compliant', { state: 'stopped', options: COMPLIANT }),
    exempt('exempt', dayAfter(now, 30)),
    exempt('exemption-expired', dayAfter(now, -10)),
    exempt('exemption-malformed', 'next summer'),
    exempt('exemption-exceeds-maximum', dayAfter(now, 400)),
    managed(false),
    managed(true),
    {
      ...running('container-host', {
        options: { ...IMDSV1_ENABLED, HttpPutResponseHopLimit: 1 },
        tags: { 'kubernetes.io/cluster/tools': 'owned', 'aws:autoscaling:groupName': 'web' },
      }),
      call: callOf(NEW_SDK, now),
    },
    running('high-hop-limit', { options: { ...IMDSV1_ENABLED, HttpPutResponseHopLimit: 64 } }),
    running('<img src=x onerror=alert(1)>', {}),
    running("=cmd|' /C calc'!A0", {}),
    running('a,"b";\u202egnp.exe\n| `id` |', {}),
    {
      instance: {
        launchedAt: new Date(now - 5 * 365 * DAY_MS),
        startedAt: new Date(now - DAY_MS),
        options: IMDSV1_ENABLED,
      },
    },
  ];
}
