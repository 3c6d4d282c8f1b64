import { eventIdOf } from '../../triggers/envelope.ts';
import type { Json } from '../../triggers/json.ts';
import { parseScan } from '../../triggers/scan.ts';
import { remediateBatch } from './batch.ts';
import { listRegion } from './region.ts';
import type { ScanPorts, ScanRules } from './rules.ts';
import { startScan } from './start.ts';
import { summarizeRegion } from './summary.ts';

/**
 * Runs one step of a scan.
 *
 * @throws RetryableError, FailureError if the step must be retried.
 */
export async function onScanStep(message: Json, rules: ScanRules, ports: ScanPorts): Promise<void> {
  const step = parseScan(message);
  if (typeof step === 'string') {
    ports.telemetry.notUnderstood(eventIdOf(message), step);
    return;
  }
  switch (step.step) {
    case 'health':
      ports.telemetry.health(await ports.healthChecks.all());
      return;
    case 'start':
      return startScan(step, ports);
    case 'region':
      return listRegion(step, rules, ports);
    case 'batch':
      return remediateBatch(step, rules, ports);
    case 'summary':
      return summarizeRegion(step, rules, ports);
  }
}
