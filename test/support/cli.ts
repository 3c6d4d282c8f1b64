import { main } from '../../cli/main.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { ExistingInstance } from '../../sandbox/aws/ec2/fleet.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import { text } from '../../sandbox/aws/wire/params.ts';
import { type IoChange, recordingIo } from './io.ts';
import { CREDENTIALS } from './loopback.ts';

const before = { ...process.env };

/** Makes the SDK in this process call a local AWS, until `leaveAws`. */
export function enterAws({ endpoint, homeRegion }: Sandbox): void {
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: endpoint, AWS_REGION: homeRegion });
}

/** Undoes `enterAws`. */
export function leaveAws(): void {
  process.env = { ...before };
}

/** Runs a command as if it had been typed, and gives what it wrote. */
export async function imdsv2(args: readonly string[], change: IoChange = {}) {
  const { io, ...recorded } = recordingIo(change);
  return { ...recorded, exitCode: await main(args, io) };
}

/** Launched long ago and open, unless it says otherwise. */
export const old = (over: Partial<ExistingInstance> = {}): ExistingInstance => ({
  launchedAt: new Date('2025-01-01T00:00:00Z'),
  options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 },
  ...over,
});

/** Puts open instances there. */
export const addOpen = (sandbox: Sandbox, count: number, region?: string): string[] =>
  Array.from({ length: count }, () => sandbox.fleet(region).add(old()).id);

/** The instance; it must be there. */
export function instanceOf(sandbox: Sandbox, id: string, region?: string): Instance {
  const instance = sandbox.fleet(region).get(id);
  if (instance === undefined) throw new Error(`there is no ${id}`);
  return instance;
}

/** The ids that were changed, once for each call that EC2 carried out. */
export const changed = (sandbox: Sandbox): string[] =>
  sandbox.calls
    .of('ModifyInstanceMetadataOptions', { outcome: 'ok' })
    .map(({ params }) => text(params, 'InstanceId') ?? '');

/** The names of the calls that would have changed something, whether they did or not. */
export const mutations = (sandbox: Sandbox): string[] =>
  sandbox.calls.all().flatMap(({ action, outcome }) => (/^(Describe|Get)/.test(action) ? [] : `${action} ${outcome}`));
