import { main } from '../../cli/main.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { ExistingInstance } from '../../sandbox/aws/ec2/fleet.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import { text } from '../../sandbox/aws/wire/params.ts';
import { type IoChange, recordingIo } from './io.ts';
import { CREDENTIALS } from './loopback.ts';

const before = { ...process.env };

/** Configures the SDK in this process for a sandbox, until `leaveAws`. */
export function enterAws({ endpoint, homeRegion }: Sandbox): void {
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: endpoint, AWS_REGION: homeRegion });
}

/** Reverts `enterAws`. */
export function leaveAws(): void {
  process.env = { ...before };
}

/** Runs a command line and returns its output. */
export async function imdsv2(args: readonly string[], change: IoChange = {}) {
  const { io, ...recorded } = recordingIo(change);
  return { ...recorded, exitCode: await main(args, io) };
}

/** An existing instance with IMDSv1 enabled, unless `over` changes that. */
export const old = (over: Partial<ExistingInstance> = {}): ExistingInstance => ({
  launchedAt: new Date('2025-01-01T00:00:00Z'),
  options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 },
  ...over,
});

/** Adds existing instances with IMDSv1 enabled. */
export const addNonCompliant = (sandbox: Sandbox, count: number, region?: string): string[] =>
  Array.from({ length: count }, () => sandbox.fleet(region).add(old()).id);

/** The instance with an id. */
export function instanceOf(sandbox: Sandbox, id: string, region?: string): Instance {
  const instance = sandbox.fleet(region).get(id);
  if (instance === undefined) throw new Error(`no instance ${id}`);
  return instance;
}

/** Instance ids of the successful ModifyInstanceMetadataOptions calls. */
export const changed = (sandbox: Sandbox): string[] =>
  sandbox.calls
    .of('ModifyInstanceMetadataOptions', { outcome: 'ok' })
    .map(({ params }) => text(params, 'InstanceId') ?? '');

/** The calls that are not read-only, each with its outcome. */
export const mutations = (sandbox: Sandbox): string[] =>
  sandbox.calls
    .all()
    .flatMap(({ action, outcome }) => (/^(Describe|Get|List)/.test(action) ? [] : `${action} ${outcome}`));
