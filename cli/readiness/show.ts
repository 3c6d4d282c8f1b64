import type { Unseen } from '../../lambda/core/prevention/inventory.ts';
import { count, plural } from '../../lambda/core/words/format.ts';
import {
  entryLaunchers,
  entryName,
  entryReason,
  nextStep,
  readinessLine,
  referrerName,
} from '../../lambda/core/words/prevention.ts';
import { NOT_VISIBLE } from '../audit/read.ts';
import type { Io } from '../common/io.ts';
import { printTable } from '../common/table.ts';
import type { RegionReadiness } from './read.ts';

/** Most templates that a note names. */
const NAMED = 5;

/** Prints the readiness of Regions: a table, then each blocker with its next step, and what else matters. */
export function showReadiness(regions: readonly RegionReadiness[], io: Io): void {
  const rows = regions.map(({ region, readiness }) => [
    region,
    count(readiness.entries.length),
    count(readiness.blockers.length),
    io.style(COLORS[readiness.state], readinessLine(readiness)),
  ]);
  printTable(io, ['region', 'launch sources', 'refused', 'HttpTokensEnforced'], rows, [0, 3]);
  for (const region of regions) showRegion(region, io);
}

const COLORS = { enforced: 'green', ready: 'green', 'not-ready': 'red', unknown: 'yellow' } as const;

/** Prints what of a Region a person must know. */
function showRegion({ region, inventory, readiness }: RegionReadiness, io: Io): void {
  const notes = notesOf({ region, inventory, readiness });
  if (readiness.blockers.length + readiness.unseen.length + notes.length === 0) return;
  io.out('');
  io.out(io.style('bold', region));
  for (const [index, entry] of readiness.blockers.entries()) {
    const number = `${String(index + 1).padStart(3)}  `;
    io.out(`${number}${entryName(entry)}: ${entryReason(entry)}`);
    const launchers = entryLaunchers(entry);
    if (launchers !== '') io.out(`     ${launchers}`);
    const { text, commands } = nextStep(entry, region);
    io.out(`     ${text}`);
    // Not broken into lines, so that it can be copied.
    for (const command of commands) io.verbatim(`     ${command}`);
  }
  for (const unseen of readiness.unseen) io.out(`     ${unseenNote(unseen)}`);
  if (readiness.blockers.length + readiness.unseen.length > 0 && notes.length > 0) io.out('');
  for (const note of notes) io.out(`  ${note}`);
}

/** What could not be looked at, and why. */
export const unseenNote = ({ what, problem }: Unseen): string =>
  `Not looked at: ${what}, which are ${NOT_VISIBLE}: ${problem}`;

function notesOf({ region, readiness }: RegionReadiness): string[] {
  const { accountDefault, managedByPolicy, broken, unused, state } = readiness;
  const templates = [...new Set(unused.map(({ templateId, version }) => `${templateId} version ${version}`))];
  const more = templates.length - NAMED;
  const named = `${templates.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    accountDefault === 'not-required' &&
      (managedByPolicy
        ? 'The account default is not HttpTokens=required, and a declarative policy of the organization sets it: a launch that states nothing would be refused.'
        : `The account default is not HttpTokens=required: a launch by hand that states nothing would be refused, unless its AMI requires IMDSv2. imdsv2 prevent defaults --region ${region} sets it.`),
    templates.length > 0 &&
      `Nothing that was looked at refers to ${plural(templates.length, 'template version')} with IMDSv1: a launch from ${templates.length === 1 ? 'it' : 'them'} would be refused: ${named}`,
    broken.length > 0 &&
      `What does not exist is referred to, so that launches fail ${state === 'enforced' ? '' : 'already '}for another reason: ${broken.map(({ launcher, reference }) => referrerName(launcher, reference)).join(', ')}`,
  ].filter((note) => note !== false);
}
