import {
  EC2Client,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Sandbox } from '../index.ts';
import type { Kind, Launch } from './plan.ts';
import { requestOf } from './requests.ts';

/** What was launched. */
export interface Launched {
  readonly id: string;
  readonly token: string;
  readonly kind: Kind;
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  /** Whether it answered IMDSv1 from the start, as EC2 said. */
  readonly open: boolean;
}

/** Somebody set an instance back. */
export interface SetBack {
  readonly id: string;
  readonly at: number;
  /** It had been closed before. */
  readonly wasRemediated: boolean;
}

const PAUSE = 2_000;
const MAX_TRIES = 500;

/** The people of the account: they launch, set back and terminate, and try again until it works. */
export class ManualChanges {
  public readonly launched: Launched[] = [];
  public readonly setBacks: SetBack[] = [];
  readonly #sandbox: Sandbox;
  readonly #ec2: EC2Client;

  public constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#ec2 = new EC2Client({
      ...sandbox.client({ accessKeyId: 'AKIAPEOPLE' }),
      maxAttempts: 1,
      requestHandler: { httpAgent: { maxSockets: 100 }, socketAcquisitionWarningTimeout: 600_000 },
    });
  }

  /** Carries out a plan, each launch at its time. */
  public async follow(plan: readonly Launch[]): Promise<void> {
    const start = this.#sandbox.clock.now();
    try {
      await Promise.all(plan.map((launch) => this.#live(launch, start)));
    } finally {
      this.#ec2.destroy();
    }
  }

  async #live(launch: Launch, start: number): Promise<void> {
    const { clock } = this.#sandbox;
    await clock.sleep(start + launch.at - clock.now());
    const ids = await this.#launch(launch);
    const { terminatedAfter, forgottenAfter, setBackAfter } = launch;
    const [first] = ids;
    if (setBackAfter !== undefined && first !== undefined) {
      await clock.sleep(setBackAfter);
      await this.#setBack(first);
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
    const { Instances = [] } = await this.#insist(() => this.#ec2.send(new RunInstancesCommand(request)));
    const { token, kind } = launch;
    return Instances.map(({ InstanceId: id = '', LaunchTime, MetadataOptions: options }) => {
      const open = options?.HttpTokens === 'optional' && options.HttpEndpoint === 'enabled';
      this.launched.push({ id, token, kind, at: LaunchTime?.getTime() ?? clock.now(), open });
      return id;
    });
  }

  /** EC2 itself drops a terminated instance, and no describe shows it any more. */
  #forget(id: string): void {
    const instance = this.#sandbox.fleet().get(id);
    if (instance?.state === 'terminated') instance.forgottenAt = this.#sandbox.clock.now();
  }

  async #setBack(id: string): Promise<void> {
    const setBack = await this.#insist(async () => {
      if (!this.#lives(id)) return undefined;
      const wasRemediated = this.#sandbox.fleet().get(id)?.options.HttpTokens === 'required';
      const at = this.#sandbox.clock.now();
      const back = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;
      await this.#ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, ...back }));
      return { id, at, wasRemediated };
    });
    if (setBack !== undefined) this.setBacks.push(setBack);
  }

  /** One id that EC2 does not know any more fails the whole call, so they ask for those that live. */
  async #terminate(ids: readonly string[]): Promise<void> {
    await this.#insist(async () => {
      const InstanceIds = ids.filter((id) => this.#lives(id));
      if (InstanceIds.length > 0) await this.#ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    });
  }

  #lives(id: string): boolean {
    return this.#sandbox.fleet().get(id)?.state !== 'terminated';
  }

  /** EC2's buckets and its eventual consistency are there for people too. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#sandbox.work('manualChanges', call);
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
        await this.#sandbox.clock.sleep(PAUSE);
      }
    }
  }
}
