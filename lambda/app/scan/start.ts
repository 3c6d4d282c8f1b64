import type { Run } from '../../triggers/scan.ts';
import { withRetries } from '../retry.ts';
import type { ScanPorts } from './rules.ts';

/** Asks for a scan of every region that is enabled in the account, with or without rules of ours. */
export async function start(
  { account, startedAt }: Run,
  { regions, steps, time }: Pick<ScanPorts, 'regions' | 'steps' | 'time'>,
): Promise<void> {
  const names = await withRetries(() => regions.enabled(), time);
  await withRetries(() => steps.put(names.map((region) => ({ step: 'region', account, region, startedAt }))), time);
}
