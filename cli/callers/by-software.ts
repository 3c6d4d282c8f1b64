import type { Caller } from '../../lambda/core/callers/callers.ts';
import { softwareLabel } from '../../lambda/core/callers/diagnosis.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanName } from '../audit/row.ts';
import type { InstanceCallers } from './read.ts';

/** A program on an instance. */
export interface Use {
  readonly instance: InstanceCallers;
  readonly caller: Caller;
}

/** A program with one diagnosis, on all instances. */
export interface SoftwareUse {
  readonly title: string;
  readonly diagnosis: string;
  readonly commands: readonly string[];
  readonly calls: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly uses: readonly Use[];
}

/** Each program on each instance. */
export const usesOf = (results: readonly InstanceCallers[]): readonly Use[] =>
  results.flatMap((instance) => instance.callers.map((caller) => ({ instance, caller })));

/** Programs by name and diagnosis, in the order in which they are found. */
export function bySoftware(uses: readonly Use[]): readonly SoftwareUse[] {
  const groups = groupBy(uses, ({ caller }) => `${softwareLabel(caller)}\n${caller.diagnosis.text}`);
  return [...groups].map(([key, group]) => {
    const [title = '', diagnosis = ''] = key.split('\n');
    const callers = group.map(({ caller }) => caller);
    const times = callers.flatMap(({ firstSeen, lastSeen }) => [firstSeen.getTime(), lastSeen.getTime()]);
    return {
      title,
      diagnosis,
      commands: callers.flatMap((caller) => caller.diagnosis.commands),
      calls: callers.reduce((sum, caller) => sum + caller.calls, 0),
      firstSeen: new Date(Math.min(...times)),
      lastSeen: new Date(Math.max(...times)),
      uses: group,
    };
  });
}

/** An instance with its name. */
export function instanceLabel({ instanceId, snapshot }: InstanceCallers): string {
  const name = snapshot && cleanName(snapshot.tags);
  return name === undefined || name === '' ? instanceId : `${instanceId} "${clean(name, 40)}"`;
}
