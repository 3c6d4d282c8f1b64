import type { Clock } from '../simulation/clock.ts';
import type { Recorder } from '../cloudtrail/recorder.ts';
import type { Instance, StateName } from './instance.ts';

/** How long EC2 takes, in simulated milliseconds. AWS promises none of these; they are what one usually sees. */
export interface Ec2Timing {
  readonly toRunning: number;
  readonly toStopped: number;
  readonly toTerminated: number;
  /** Metadata options from `pending` to `applied`. */
  readonly toApplied: number;
}

export const USUAL_EC2_TIMING: Ec2Timing = {
  toRunning: 8_000,
  toStopped: 6_000,
  toTerminated: 6_000,
  toApplied: 2_000,
};

const USER_SHUTDOWN = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};

/** Why an instance ended that EC2 could not bring up. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
export const LAUNCH_ERROR = {
  code: 'Server.InternalError',
  message: 'Server.InternalError: Internal error on launch',
};

/** Moves instances through their states, and tells the bus of each. */
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

  /** Lets a new instance die after a while, of an error of EC2, which from then on does not show it. */
  public vanish(instance: Instance, delay: number): void {
    const die = () => {
      if (instance.state === 'shutting-down' || instance.state === 'terminated') return; // somebody was faster
      instance.stateReason = LAUNCH_ERROR;
      instance.terminatedAt = instance.forgottenAt = this.#clock.now();
      this.#enter(instance, 'terminated');
    };
    this.#clock.after(delay, die, 'instance to vanish');
  }

  /** New metadata options are `pending` for a moment, though they are answered at once. */
  public applyOptions(instance: Instance): void {
    instance.optionsState = 'pending';
    const options = instance.options;
    const apply = () => {
      if (instance.options === options) instance.optionsState = 'applied';
    };
    this.#clock.after(this.#timing.toApplied, apply, 'metadata options to apply');
  }

  #next(instance: Instance, state: StateName, delay: number, then?: () => void): void {
    const from = instance.state;
    const enter = () => {
      if (instance.state !== from) return; // it went elsewhere meanwhile
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
