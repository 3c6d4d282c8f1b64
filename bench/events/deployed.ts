import { BUDGET_RATE } from '../../lambda/app/budget.ts';
import { MAX_RECEIVES } from '../../lambda/core/delivery.ts';
import type { Delivery } from './run.ts';

/**
 * As deployed: lib/timing.ts, lib/queues.ts, lib/enforcer-function.ts, lambda/handlers/enforce.ts and
 * lambda/app/budget.ts.
 */
export const DEPLOYED = {
  ...BUDGET_RATE,
  /** Executions at the same time that the account allows: the least that AWS gives. */
  concurrency: 10,
  latencyMs: 120,
  timeoutSeconds: 30,
  workSeconds: 5,
  visibility: 91,
  maxReceives: MAX_RECEIVES,
  batchSize: 200,
  windowSeconds: 1,
  maxConcurrency: 2,
  /** 1: one batch is gathered at a time; 0: each consumer gathers its own. */
  together: 0,
  /**
   * Whether running-state events have a queue of their own with a delay (1), or the function hands them back when they
   * come (0).
   */
  runningApart: 0,
  runningDelay: 90,
  runningWindow: 10,
  checkWindow: 60,
};
/** Settings of the deployment, by name. */
export type Settings = typeof DEPLOYED;

/** The delivery with these settings. */
export function deliveryOf(settings: Settings): Delivery {
  const {
    visibility,
    maxReceives,
    batchSize,
    windowSeconds,
    maxConcurrency,
    together,
    runningDelay,
    runningWindow,
    checkWindow,
  } = settings;
  const source = { batchSize, windowSeconds, maxConcurrency, together: together === 1 };
  return {
    latencyMs: settings.latencyMs,
    function: settings,
    budget: settings,
    queue: { delay: 0, visibility, maxReceives },
    source,
    checkSource: { ...source, windowSeconds: checkWindow },
    runningQueue:
      settings.runningApart === 1
        ? {
            queue: { delay: runningDelay, visibility, maxReceives },
            source: { ...source, windowSeconds: runningWindow },
          }
        : undefined,
  };
}
