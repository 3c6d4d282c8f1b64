import { groupBy } from '../../lambda/core/group-by.ts';
import { clean } from '../../lambda/core/text.ts';
import { count, minute, plural } from '../../lambda/core/words/format.ts';
import type { Io } from '../common/io.ts';
import { printLabelled } from '../common/table.ts';
import { bySoftware, instanceLabel, type SoftwareUse, type Use, usesOf } from './by-software.ts';
import type { InstanceCallers } from './read.ts';
import { callsNote, LIMITS, sourceNote, UNEXPLAINED } from './words.ts';

/** How many instances, services, addresses or commands of one program are printed. */
const LISTED = 5;

/** Prints the software that uses IMDSv1, each with what to do and with its instances. */
export function showCallers(results: readonly InstanceCallers[], io: Io): void {
  const used = usesOf(results);
  for (const software of bySoftware(used)) showSoftware(software, io);
  const without = results.filter(
    ({ imdsv1Calls, calls, incomplete }) => imdsv1Calls === 0 && (calls > 0 || !incomplete),
  );
  if (without.length > 0) {
    io.out(io.style('bold', 'No call to AWS with credentials of IMDSv1'));
    line('instances', listed(without.map(instanceLabel)), io);
    io.out('');
  }
  for (const [note, group] of groupBy(results, ({ incomplete = '' }) => incomplete)) {
    if (note === '') continue;
    io.out(io.style('bold', clean(note, NOTE)));
    line('instances', listed(group.map(instanceLabel)), io);
    io.out('');
  }
  showUnexplained(used, io);
}

const NOTE = 600;

/** Prints what event history does not show. */
export function showLimits(io: Io): void {
  for (const sentence of LIMITS) io.out(io.style('dim', sentence));
}

function showSoftware({ title, diagnosis, commands, calls, firstSeen, lastSeen, uses }: SoftwareUse, io: Io): void {
  const callers = uses.map(({ caller }) => caller);
  const services = totals(callers.flatMap((caller) => caller.services.map((one) => [one.service, one.calls] as const)));
  const sources = totals(
    callers.flatMap((caller) => caller.sources.map((one) => [sourceNote(one), one.calls] as const)),
  );
  io.out(io.style('bold', title));
  line('diagnosis', diagnosis, io);
  line('instances', listed(uses.map(({ instance }) => instanceLabel(instance))), io);
  line('calls', callsNote({ calls, firstSeen, lastSeen }), io);
  line('services', listed(services.map(([service, number]) => `${service} ${count(number)}`)), io);
  line('from', listed(sources.map(([source]) => source)), io);
  // A command is one line, so that it can be copied.
  for (const command of commands.slice(0, LISTED)) io.verbatim(`  ${command}`);
  io.out('');
}

function showUnexplained(used: readonly Use[], io: Io): void {
  const found = used.flatMap(({ instance, caller }) =>
    caller.sources.flatMap((source) => (source.kind === 'unexplained' ? { instance, ...source } : [])),
  );
  if (found.length === 0) return;
  const addresses = groupBy(found, ({ address }) => address);
  io.out(
    io.style('bold', `MEDIUM: ${count(addresses.size)} unexplained source address${addresses.size === 1 ? '' : 'es'}`),
  );
  for (const [address, group] of [...addresses].slice(0, LISTED)) {
    const calls = plural(
      group.reduce((sum, one) => sum + one.calls, 0),
      'call',
    );
    const last = minute(new Date(Math.max(...group.map(({ lastSeen }) => lastSeen.getTime()))));
    const instances = [...new Set(group.map(({ instance }) => instance.instanceId))];
    line(address, `${calls}, last ${last}, of ${listed(instances)}`, io);
  }
  if (addresses.size > LISTED) io.out(`  and ${count(addresses.size - LISTED)} more; --json has all`);
  for (const sentence of UNEXPLAINED) io.out(`  ${sentence}`);
  io.out('');
}

/** Numbers by name, added up; the largest first. */
function totals(items: readonly (readonly [name: string, value: number])[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const [name, value] of items) sums.set(name, (sums.get(name) ?? 0) + value);
  return [...sums].toSorted(([, a], [, b]) => b - a);
}

function listed(items: readonly string[]): string {
  const more = items.length - LISTED;
  return [...items.slice(0, LISTED), ...(more > 0 ? [`and ${count(more)} more (--json has all)`] : [])].join(', ');
}

const line = (label: string, text: string, io: Io): void => printLabelled(io, label, text, 13);
