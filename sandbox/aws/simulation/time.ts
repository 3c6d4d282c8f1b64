import { elapsed, type SharedTime, sharedTime } from './shared-time.ts';

/** How simulated time follows from real time. The main thread and the workers share it. */
export interface TimeSetting {
  /** Simulated seconds per real second. */
  readonly scale: number;
  /** `realNow` at the start of the clock. */
  readonly origin: number;
  /** Simulated milliseconds since 1970 at the start of the clock. */
  readonly epoch: number;
  /** The `SharedTime` of a clock that pauses when the machine is overloaded. */
  readonly shared?: SharedArrayBuffer;
}

const NANOSECONDS_PER_MILLISECOND = 1e6;
const hrtime = process.hrtime.bigint.bind(process.hrtime);

/** Milliseconds of a monotonic clock that all threads share. `performance.now` starts at 0 in each. */
export const realNow = (): number => Number(hrtime()) / NANOSECONDS_PER_MILLISECOND;

/** Simulated milliseconds since 1970. */
export const simulatedNow = ({ scale, origin, epoch, shared }: TimeSetting): number => {
  const now = realNow();
  return epoch + (shared === undefined ? now - origin : elapsed(viewOf(shared), now)) * scale;
};

const views = new WeakMap<SharedArrayBuffer, SharedTime>();

function viewOf(memory: SharedArrayBuffer): SharedTime {
  const view = views.get(memory) ?? sharedTime(memory);
  views.set(memory, view);
  return view;
}
