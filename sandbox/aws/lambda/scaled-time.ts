import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { simulatedNow, type TimeSetting } from '../simulation/time.ts';

/** The shortest real timeout of a socket, unless its own timeout is shorter, at any time scale. */
const SOCKET_GRACE_MS = 1000;

/**
 * Replaces dates, timers and time measurements of a thread by simulated ones.
 *
 * Must be called before other modules load.
 */
export function scaleTime(setting: TimeSetting): void {
  const { scale } = setting;
  const now = () => Math.floor(simulatedNow(setting));
  replaceDate(now);
  const origin = simulatedNow(setting);
  Object.defineProperty(performance, 'timeOrigin', { value: origin });
  Object.defineProperty(performance, 'now', { value: () => simulatedNow(setting) - origin });
  if (scale !== 1) replaceTimers(setting, watchSockets());
}

function replaceDate(now: () => number): void {
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
  });
}

/**
 * Returns a function that says whether the running code has just opened an HTTP request.
 *
 * Timers that it sets then are socket timeouts (connection and request timeouts of the SDK). Sockets work in real time, so that
 * on a fast clock a timeout of seconds would be too short. The storage separates tasks that share a run of the microtask queue.
 */
function watchSockets(): () => boolean {
  const turn = new AsyncLocalStorage<{ opening: boolean }>();
  for (const module of [http, https]) {
    const { request } = module;
    module.request = ((...args: [never, never]) => {
      const opened = request(...args);
      const store = { opening: true };
      turn.enterWith(store);
      queueMicrotask(() => (store.opening = false));
      return opened;
    }) as typeof request;
  }
  return () => turn.getStore()?.opening === true;
}

function replaceTimers(setting: TimeSetting, guardsSocket: () => boolean): void {
  const { scale, shared } = setting;
  const real = { setTimeout, clearTimeout, setInterval, every: timersPromises.setInterval };
  const scaled = (ms = 0) => {
    const delay = Number(ms) / scale;
    return guardsSocket() ? Math.max(delay, Math.min(Number(ms), SOCKET_GRACE_MS)) : delay;
  };
  /** The timer that continues a timer which fired too early. */
  const successors = new WeakMap<object, NodeJS.Timeout>();
  const later = (task: (...args: []) => void, ms = 0, ...args: []) => {
    const due = simulatedNow(setting) + Number(ms);
    const fire = () => {
      // A clock that pauses when the machine is overloaded may have paused meanwhile.
      const remaining = due - simulatedNow(setting);
      if (shared !== undefined && remaining >= 1) successors.set(timer, real.setTimeout(fire, remaining / scale));
      else task(...args);
    };
    const timer = real.setTimeout(fire, scaled(ms));
    return timer;
  };
  const wait = <T>(ms = 0, value?: T, options: { readonly signal?: AbortSignal } = {}) =>
    new Promise<T>((resolve, reject) => {
      const timer = later(() => resolve(value as T), ms);
      const { signal } = options;
      const abort = () => {
        replaced.clearTimeout(timer);
        reject(new DOMException('The operation was aborted', { name: 'AbortError', cause: signal?.reason }));
      };
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  const replaced = {
    setTimeout: later,
    clearTimeout: (timer?: NodeJS.Timeout | string | number) => {
      real.clearTimeout(timer);
      if (typeof timer === 'object') real.clearTimeout(successors.get(timer));
    },
    setInterval: (task: () => void, ms?: number, ...args: []) => real.setInterval(task, scaled(ms), ...args),
  };
  Object.assign(replaced.setTimeout, { [promisify.custom]: wait });
  Object.assign(globalThis, replaced);
  Object.assign(timers, replaced);
  Object.assign(timersPromises, {
    setTimeout: wait,
    setInterval: ((ms, value, options) => real.every(scaled(ms), value, options)) as typeof real.every,
  });
  Object.assign(timersPromises.scheduler, {
    wait: (ms: number, options?: { readonly signal?: AbortSignal }) => wait(ms, undefined, options),
  });
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => timeout(Math.ceil(scaled(ms)));
  syncBuiltinESMExports();
}
