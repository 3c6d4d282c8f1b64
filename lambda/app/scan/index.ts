import { eventIdOf } from '../../triggers/envelope.ts';
import type { Json } from '../../triggers/json.ts';
import { parseScan } from '../../triggers/scan.ts';
import { remediateBatch } from './batch.ts';
import { count } from './summary.ts';
import { listRegion } from './region.ts';
import type { ScanPorts, ScanRules } from './rules.ts';
import { start } from './start.ts';

/**
 * Takes one step of a scan.
 *
 * @throws TryAgainError, FailureError if the step must be taken again.
 */
export async function onScanStep(message: Json, rules: ScanRules, ports: ScanPorts): Promise<void> {
  const step = parseScan(message);
  if (typeof step === 'string') {
    ports.telemetry.notUnderstood(eventIdOf(message), step);
    return;
  }
  switch (step.step) {
    case 'start':
      return start(step, ports);
    case 'region':
      return listRegion(step, rules, ports);
    case 'batch':
      return remediateBatch(step, rules, ports);
    case 'summary':
      return count(step, rules, ports);
  }
}
