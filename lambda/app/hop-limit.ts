import { FailureError } from '../core/failure.ts';
import { raisedHopLimit } from '../core/hop-limit.ts';
import type { HopLimitWriter, InstanceReader, InstanceWriter } from './ports.ts';

/**
 * A writer that raises the hop limit along with each change, to at least so many. It reads the instance right before, because what
 * somebody has raised meanwhile must not be lowered.
 */
export function raisingHopLimit(writer: HopLimitWriter, reader: InstanceReader, atLeast: number): InstanceWriter {
  return {
    requireTokens: async (region, instanceId) => {
      const [snapshot] = await reader.describe(region, [instanceId]);
      if (snapshot === undefined) throw new FailureError('not-visible', 'EC2 does not show it');
      const hopLimit = raisedHopLimit(snapshot.options, atLeast);
      return hopLimit === undefined
        ? writer.requireTokens(region, instanceId)
        : writer.requireTokensWithin(region, instanceId, hopLimit);
    },
  };
}
