import { FailureError } from '../core/failure.ts';
import { raisedHopLimit } from '../core/hop-limit.ts';
import type { HopLimitWriter, InstanceReader, InstanceWriter } from './ports/index.ts';

/**
 * Returns a writer that also raises the hop limit to a minimum with each change.
 *
 * It reads the instance right before the change, so that a limit that was raised in the meantime is not lowered.
 */
export function raisingHopLimit(writer: HopLimitWriter, reader: InstanceReader, atLeast: number): InstanceWriter {
  return {
    requireTokens: async (region, instanceId) => {
      const [snapshot] = await reader.describe(region, [instanceId]);
      if (snapshot === undefined) throw new FailureError('not-visible', 'EC2 does not return the instance');
      const hopLimit = raisedHopLimit(snapshot.options, atLeast);
      return hopLimit === undefined
        ? writer.requireTokens(region, instanceId)
        : writer.requireTokensWithin(region, instanceId, hopLimit);
    },
  };
}
