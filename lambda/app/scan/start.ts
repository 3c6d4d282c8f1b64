import type { Run } from '../../triggers/scan.ts';
import { withRetries } from '../retry.ts';
import { resendGivenUp } from './given-up.ts';
import type { ScanPorts } from './rules.ts';

/**
 * Queues the scan of every region that is enabled in the account, whether or not it has event rules, and sends again
 * what was given up.
 */
export async function startScan(
  { account, startedAt }: Run,
  ports: Pick<ScanPorts, 'regions' | 'steps' | 'deadLetterQueue' | 'queue' | 'telemetry' | 'time'>,
): Promise<void> {
  const { regions, steps, time } = ports;
  const names = await withRetries(() => regions.enabled(), time);
  await withRetries(() => steps.put(names.map((region) => ({ step: 'region', account, region, startedAt }))), time);
  await resendGivenUp(ports);
}
