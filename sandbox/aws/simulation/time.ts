import { granted, type SharedTime, sharedTime } from './elastic-time.ts';

/** How simulated time follows real time. Main thread and workers share one setting, and so one clock. */
export interface TimeSetting {
  /** Simulated seconds per real second. */
  readonly scale: number;
  /** Reading of `realNow` when the clock was started. */
  readonly origin: number;
  /** Simulated milliseconds since 1970 at that moment. */
  readonly epoch: number;
  /** Where the time stands, if it waits for the machine. */
  readonly shared?: SharedArrayBuffer;
}

const NANOSECONDS_PER_MILLISECOND = 1e6;
const hrtime = process.hrtime.bigint.bind(process.hrtime);

/** Milliseconds of a monotonic clock that all threads of the process share (`performance.now` starts anew in each worker). */
export const realNow = (): number => Number(hrtime()) / NANOSECONDS_PER_MILLISECOND;

/** Simulated milliseconds since 1970. */
export const simulatedNow = ({ scale, origin, epoch, shared }: TimeSetting): number => {
  const now = realNow();
  return epoch + (shared === undefined ? now - origin : granted(viewOf(shared), now)) * scale;
};

const views = new WeakMap<SharedArrayBuffer, SharedTime>();

function viewOf(memory: SharedArrayBuffer): SharedTime {
  const view = views.get(memory) ?? sharedTime(memory);
  views.set(memory, view);
  return view;
}
