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
  /** Position among all instances of the region, which is the order of pages. */
  readonly sequence: number;
  readonly launchIndex: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly clientToken: string;
  readonly keyName?: string;
  readonly subnetId?: string;
  readonly profileArn?: string;
  readonly publicIp?: string;
  /** The AWS service that manages it. Other callers cannot modify it. */
  readonly operator?: Operator;
  /** The account id of the AWS service that launched it on behalf of a user. */
  readonly requesterId?: string;
  /** First launch, when its network interface and root volume were attached. */
  readonly launchedAt: number;
  /** Last start, which EC2 calls `LaunchTime`. */
  startedAt: number;
  /** When calls can see it, because EC2 is eventually consistent. */
  readonly visibleAt: number;
  terminatedAt?: number;
  /** When describe calls stop returning it. @default an hour after its termination */
  forgottenAt?: number;
  state: StateName;
  stateReason?: { readonly code: string; readonly message: string };
  options: MetadataOptions;
  /** Its earlier options, oldest first, and when they were replaced. */
  earlierOptions?: readonly { readonly options: MetadataOptions; readonly until: number }[];
  /** When it was stopped, oldest first. `from` is absent if unknown, `to` while it is stopped. */
  downtimes?: readonly { readonly from?: number; readonly to?: number }[];
  optionsState: 'pending' | 'applied';
  readonly tags: Map<string, string>;
}

export interface Operator {
  readonly principal: string;
  /** Whether describe calls omit the instance unless `IncludeManagedResources` is set. */
  readonly hiddenByDefault: boolean;
}

/** Rounds down to the second, the precision of times in EC2. */
export const wholeSecond = (at: number): number => Math.floor(at / 1000) * 1000;
