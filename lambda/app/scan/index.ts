import { eventIdOf } from '../../triggers/envelope.ts';
import type { Json } from '../../triggers/json.ts';
import { parseSweep } from '../../triggers/scan.ts';
import { closeChunk } from './batch.ts';
import { count } from './summary.ts';
import { listRegion } from './region.ts';
import type { SweepPorts, SweepRules } from './rules.ts';
import { start } from './start.ts';

/**
 * Takes one step of a sweep.
 *
 * @throws TryAgainError, FailureError if the step must be taken again.
 */
export async function onSweepStep(message: Json, rules: SweepRules, ports: SweepPorts): Promise<void> {
  const step = parseSweep(message);
  if (typeof step === 'string') {
    ports.journal.notUnderstood(eventIdOf(message), step);
    return;
  }
  switch (step.step) {
    case 'start':
      return start(step, ports);
    case 'region':
      return listRegion(step, rules, ports);
    case 'chunk':
      return closeChunk(step, rules, ports);
    case 'close':
      return count(step, rules, ports);
  }
}
