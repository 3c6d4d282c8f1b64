import type { Run } from '../../triggers/scan.ts';
import { persist } from '../retry.ts';
import type { SweepPorts } from './rules.ts';

/** Asks for a sweep of every region that is enabled in the account, with or without rules of ours. */
export async function start(
  { account, startedAt }: Run,
  { regions, steps, time }: Pick<SweepPorts, 'regions' | 'steps' | 'time'>,
): Promise<void> {
  const names = await persist(() => regions.enabled(), time);
  await persist(() => steps.put(names.map((region) => ({ step: 'region', account, region, startedAt }))), time);
}
