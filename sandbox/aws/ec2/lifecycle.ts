import type { Clock } from '../simulation/clock.ts';
import type { Recorder } from '../cloudtrail/recorder.ts';
import type { Instance, StateName } from './instance.ts';

/** Durations in simulated milliseconds. AWS documents none of them; the defaults are typical. */
export interface Ec2Timing {
  readonly toRunning: number;
  readonly toStopped: number;
  readonly toTerminated: number;
  /** Until the `State` of metadata options changes from `pending` to `applied`. */
  readonly toApplied: number;
}

export const DEFAULT_EC2_TIMING: Ec2Timing = {
  toRunning: 8_000,
  toStopped: 6_000,
  toTerminated: 6_000,
  toApplied: 2_000,
};

const USER_SHUTDOWN = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};

/**
 * The state reason of an instance that EC2 failed to launch.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
export const LAUNCH_ERROR = {
  code: 'Server.InternalError',
  message: 'Server.InternalError: Internal error on launch',
};

/** Moves instances through their states and sends a state-change event for each. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #timing: Ec2Timing;

  public constructor(clock: Clock, recorder: Recorder, timing: Ec2Timing) {
    this.#clock = clock;
    this.#recorder = recorder;
    this.#timing = timing;
  }

  /** Starts a new or a stopped instance. */
  public start(instance: Instance, at: number): void {
    instance.startedAt = at;
    instance.stateReason = { code: 'pending', message: 'pending' };
    this.#enter(instance, 'pending');
    this.#next(instance, 'running', this.#timing.toRunning, () => (instance.stateReason = undefined));
    this.applyOptions(instance);
  }

  public stop(instance: Instance): void {
    instance.stateReason = USER_SHUTDOWN;
    this.#enter(instance, 'stopping');
    this.#next(instance, 'stopped', this.#timing.toStopped);
  }

  public terminate(instance: Instance): void {
    instance.stateReason = USER_SHUTDOWN;
    this.#enter(instance, 'shutting-down');
    this.#next(instance, 'terminated', this.#timing.toTerminated, () => (instance.terminatedAt = this.#clock.now()));
  }

  /** Terminates a new instance after a delay, as by an error of EC2. Describe calls no longer return it. */
  public vanish(instance: Instance, delay: number): void {
    const fail = () => {
      if (instance.state === 'shutting-down' || instance.state === 'terminated') return; // terminated before
      instance.stateReason = LAUNCH_ERROR;
      instance.terminatedAt = instance.forgottenAt = this.#clock.now();
      this.#enter(instance, 'terminated');
    };
    this.#clock.after(delay, fail, 'instance to vanish');
  }

  /**
   * Sets new metadata options to `pending`, and to `applied` a moment later; on a stopped instance at its next start.
   *
   * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
   */
  public applyOptions(instance: Instance): void {
    instance.optionsState = 'pending';
    if (instance.state === 'stopped' || instance.state === 'stopping') return;
    const options = instance.options;
    const apply = () => {
      if (instance.options === options) instance.optionsState = 'applied';
    };
    this.#clock.after(this.#timing.toApplied, apply, 'metadata options to apply');
  }

  #next(instance: Instance, state: StateName, delay: number, then?: () => void): void {
    const from = instance.state;
    const enter = () => {
      if (instance.state !== from) return; // the state was changed meanwhile
      then?.();
      this.#enter(instance, state);
    };
    this.#clock.after(delay, enter, `instance to be ${state}`);
  }

  #enter(instance: Instance, state: StateName): void {
    const { downtimes = [] } = instance;
    const now = this.#clock.now();
    if (state === 'stopping') instance.downtimes = [...downtimes, { from: now }];
    if (state === 'running') instance.downtimes = downtimes.map((downtime) => ({ to: now, ...downtime }));
    instance.state = state;
    this.#recorder.state(instance);
  }
}
