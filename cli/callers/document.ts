import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { cleanName } from '../audit/row.ts';
import type { InstanceCallers } from './read.ts';

/** The callers of an instance as JSON; untrusted text in it is sanitized. */
export function toCallersDocument({ region, instanceId, snapshot, failure, callers, ...rest }: InstanceCallers) {
  const group = snapshot && launchSourceGroupOf(launchSourceOf(snapshot.tags));
  return {
    region,
    instanceId,
    name: snapshot && cleanName(snapshot.tags),
    launchSource: group && { kind: group.kind, name: group.name },
    ...rest,
    error: failure && { kind: failure.kind },
    callers: callers.map((caller) => ({
      ...caller,
      sources: caller.sources.map((source) =>
        source.kind === 'unexplained' ? { ...source, severity: 'MEDIUM' } : source,
      ),
    })),
  };
}
