import type { Run } from '../../triggers/scan.ts';
import { withRetries } from '../retry.ts';
import type { ScanPorts } from './rules.ts';

/** Queues the scan of every region that is enabled in the account, whether or not it has event rules. */
export async function startScan(
  { account, startedAt }: Run,
  { regions, steps, time }: Pick<ScanPorts, 'regions' | 'steps' | 'time'>,
): Promise<void> {
  const names = await withRetries(() => regions.enabled(), time);
  await withRetries(() => steps.put(names.map((region) => ({ step: 'region', account, region, startedAt }))), time);
}
