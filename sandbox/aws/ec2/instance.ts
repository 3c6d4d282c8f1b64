import type { MetadataOptions } from './metadata-options.ts';

export type StateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
export const STATE_CODE: Readonly<Record<StateName, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** One instance. Times are simulated milliseconds since 1970. */
export interface Instance {
  readonly id: string;
  readonly reservationId: string;
  readonly region: string;
  /** Position among all instances of the region: the order that pages follow. */
  readonly sequence: number;
  readonly launchIndex: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly clientToken: string;
  readonly keyName?: string;
  readonly subnetId?: string;
  readonly profileArn?: string;
  /** The AWS service that owns it; nobody else can modify it. */
  readonly operator?: Operator;
  /** The service account that asked for it on somebody's behalf. */
  readonly requesterId?: string;
  /** First launch. Network interface and root volume were attached then, and stay so. */
  readonly launchedAt: number;
  /** This start: what EC2 calls `LaunchTime`. */
  startedAt: number;
  /** Until then EC2 does not know it: it is eventually consistent. */
  readonly visibleAt: number;
  /** When it was terminated. */
  terminatedAt?: number;
  /** From then on EC2 does not show it; absent if it is shown as long as terminated instances usually are. */
  forgottenAt?: number;
  state: StateName;
  stateReason?: { readonly code: string; readonly message: string };
  options: MetadataOptions;
  /** Options that it had before, oldest first, and until when. */
  earlierOptions?: readonly { readonly options: MetadataOptions; readonly until: number }[];
  /** When it was stopped, oldest first; the last time may go on. `from` is absent if nobody knows it. */
  downtimes?: readonly { readonly from?: number; readonly to?: number }[];
  optionsState: 'pending' | 'applied';
  readonly tags: Map<string, string>;
}

export interface Operator {
  readonly principal: string;
  /** Left out of answers unless `IncludeManagedResources` is set. */
  readonly hiddenByDefault: boolean;
}

/** EC2 keeps times to the second. */
export const wholeSecond = (at: number): number => Math.floor(at / 1000) * 1000;
