import type { Filter } from '../../lambda/app/ports/index.ts';
import type { Subject } from '../../lambda/core/callers/callers.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import { readRegions, type UnreadRegions } from '../audit/read.ts';
import type { Aws } from '../common/aws.ts';
import { UsageError } from '../common/command.ts';
import type { Io } from '../common/io.ts';

const LIVING: Filter = { name: 'instance-state-name', values: ['pending', 'running', 'stopping', 'stopped'] };

/** The instances of a selection, and the Regions that could not be read, which are noted. */
interface Selection extends UnreadRegions {
  readonly subjects: readonly Subject[];
}

/**
 * Instances by id. In a single Region, one that EC2 does not return is one too: event history has the calls of terminated
 * instances.
 *
 * @throws UsageError if an instance is in none of several Regions.
 */
export async function selectIds(ids: readonly string[], regions: readonly string[], aws: Aws, io: Io) {
  const { subjects, ...unread } = await select(regions, { name: 'instance-id', values: ids }, () => true, aws, io);
  const found = new Map(subjects.map((subject) => [subject.instanceId, subject]));
  const missing = ids.filter((id) => !found.has(id));
  const [region = ''] = regions;
  if (unread.failed || missing.length === 0) return { subjects, ...unread };
  if (regions.length > 1) {
    const hint = 'with --region, the calls of a terminated instance are looked up as well';
    throw new UsageError(`not found in ${readOf(regions, unread)}: ${missing.join(', ')}; ${hint}`);
  }
  io.note(`EC2 does not return ${missing.join(', ')} in ${region}; its calls are looked up nevertheless.`);
  return { subjects: [...new Set(ids)].map((id) => found.get(id) ?? { region, instanceId: id }), ...unread };
}

/**
 * The living instances of a launch source.
 *
 * @throws UsageError if there is none.
 */
export async function selectLaunchSource(name: string, regions: readonly string[], aws: Aws, io: Io) {
  const selection = await select(regions, LIVING, (snapshot) => isOf(name, snapshot), aws, io);
  if (selection.subjects.length > 0 || selection.failed) return selection;
  const accepted = 'the name or id that "imdsv2 audit" shows, such as that of an Auto Scaling group';
  throw new UsageError(
    `no instance in ${readOf(regions, selection)} has launch source ${JSON.stringify(clean(name))}; accepted: ${accepted}`,
  );
}

/** The Regions that were read. */
const readOf = (regions: readonly string[], { problems }: UnreadRegions): string =>
  regions.filter((region) => !problems.has(region)).join(', ');

/** Whether a name is the one that reports show for the launch source of an instance, or a part of it. */
function isOf(name: string, { tags }: Snapshot): boolean {
  const launchSource = launchSourceOf(tags);
  return launchSourceGroupOf(launchSource).name === name || Object.values(launchSource).includes(name);
}

async function select(
  regions: readonly string[],
  filter: Filter,
  accepts: (snapshot: Snapshot) => boolean,
  aws: Aws,
  io: Io,
): Promise<Selection> {
  const subjects: Subject[] = [];
  const take = (region: string, snapshots: readonly Snapshot[]) => {
    for (const snapshot of snapshots.filter(accepts))
      subjects.push({ region, instanceId: snapshot.instanceId, snapshot });
  };
  const unread = await readRegions(aws, regions, [filter], take, io);
  for (const [region, problem] of unread.problems) io.note(`imdsv2: ${region}: ${problem}`);
  return { ...unread, subjects };
}
