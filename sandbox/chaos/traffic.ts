import {
  EC2Client,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Sandbox } from '../index.ts';
import type { Kind, Launch } from './plan.ts';
import { requestOf } from './requests.ts';

/** A launched instance. */
export interface LaunchedInstance {
  readonly id: string;
  /** Client token of the launch. */
  readonly token: string;
  readonly kind: Kind;
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  /** Whether IMDSv1 was enabled at the launch, by the response of EC2. */
  readonly isNonCompliant: boolean;
}

/** A call that re-enabled IMDSv1 on an instance. */
export interface Drift {
  readonly id: string;
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  /** Whether IMDSv2 was required before. */
  readonly wasRemediated: boolean;
}

const PAUSE = 2_000;
const MAX_ATTEMPTS = 500;

/** The calls of users: launches, drift and terminations. Every call is retried until it succeeds. */
export class Traffic {
  public readonly launched: LaunchedInstance[] = [];
  public readonly drifts: Drift[] = [];
  readonly #sandbox: Sandbox;
  readonly #ec2: EC2Client;

  public constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#ec2 = new EC2Client({
      ...sandbox.client({ accessKeyId: 'AKIATRAFFIC' }),
      maxAttempts: 1,
      requestHandler: { httpAgent: { maxSockets: 100 }, socketAcquisitionWarningTimeout: 600_000 },
    });
  }

  /** Carries out a plan, each launch at its time. */
  public async run(plan: readonly Launch[]): Promise<void> {
    const start = this.#sandbox.clock.now();
    await Promise.all(plan.map((launch) => this.#carryOut(launch, start)));
  }

  /** Makes a call as a user, and retries it until it succeeds. */
  public async call(call: (ec2: EC2Client) => Promise<unknown>): Promise<void> {
    await this.#retry(() => call(this.#ec2));
  }

  /** Makes a call as a user, who does not try again. */
  public async callOnce(command: ModifyInstanceMetadataOptionsCommand): Promise<void> {
    await this.#ec2.send(command);
  }

  public end(): void {
    this.#ec2.destroy();
  }

  async #carryOut(launch: Launch, start: number): Promise<void> {
    const { clock } = this.#sandbox;
    await clock.sleep(start + launch.at - clock.now());
    const ids = await this.#launch(launch);
    const { terminatedAfter, forgottenAfter, driftAfter } = launch;
    const [first] = ids;
    if (driftAfter !== undefined && first !== undefined) {
      await clock.sleep(driftAfter);
      await this.#enableImdsV1(first);
    }
    if (terminatedAfter !== undefined) {
      await clock.sleep(terminatedAfter);
      await this.#terminate(ids);
    }
    if (forgottenAfter !== undefined) {
      await clock.sleep(forgottenAfter);
      for (const id of ids) this.#forget(id);
    }
  }

  async #launch(launch: Launch): Promise<string[]> {
    const { clock } = this.#sandbox;
    const request = requestOf(launch, clock.now());
    const { Instances = [] } = await this.#retry(() => this.#ec2.send(new RunInstancesCommand(request)));
    const { token, kind } = launch;
    return Instances.map(({ InstanceId: id = '', LaunchTime, MetadataOptions: options }) => {
      const isNonCompliant = options?.HttpTokens === 'optional' && options.HttpEndpoint === 'enabled';
      this.launched.push({ id, token, kind, at: LaunchTime?.getTime() ?? clock.now(), isNonCompliant });
      return id;
    });
  }

  /** Makes EC2 stop returning a terminated instance. */
  #forget(id: string): void {
    const instance = this.#sandbox.fleet().get(id);
    if (instance?.state === 'terminated') instance.forgottenAt = this.#sandbox.clock.now();
  }

  async #enableImdsV1(id: string): Promise<void> {
    const drift = await this.#retry(async () => {
      if (this.#isTerminated(id)) return undefined;
      const wasRemediated = this.#sandbox.fleet().get(id)?.options.HttpTokens === 'required';
      const at = this.#sandbox.clock.now();
      const options = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;
      await this.#ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, ...options }));
      return { id, at, wasRemediated };
    });
    if (drift !== undefined) this.drifts.push(drift);
  }

  /** Terminates instances that are not terminated yet. An unknown id would fail the whole call. */
  async #terminate(ids: readonly string[]): Promise<void> {
    await this.#retry(async () => {
      const InstanceIds = ids.filter((id) => !this.#isTerminated(id));
      if (InstanceIds.length > 0) await this.#ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    });
  }

  #isTerminated(id: string): boolean {
    return this.#sandbox.fleet().get(id)?.state === 'terminated';
  }

  /** Retries a call, which may be throttled or fail because EC2 is eventually consistent. */
  async #retry<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sandbox.work('traffic', call);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
        await this.#sandbox.clock.sleep(PAUSE);
      }
    }
  }
}
