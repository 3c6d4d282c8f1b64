import { clean } from '../../../lambda/core/text.ts';
import { count, plural } from '../../../lambda/core/words/format.ts';
import { referrerName, launcherName } from '../../../lambda/core/words/prevention.ts';
import type { MetadataOptions } from '../../../lambda/core/instance.ts';
import type { Template } from '../../../lambda/core/prevention/inventory.ts';
import type { Io } from '../../common/io.ts';
import { printTable } from '../../common/table.ts';
import type { TemplateResult } from './apply.ts';
import type { Creation, TemplatePlan } from './plan.ts';
import type { UndoPlan } from './undo.ts';

/** A plan in its Region. */
export interface InRegion<T> {
  readonly region: string;
  readonly plan: T;
}

const nameOf = ({ id, name }: Template): string => `${clean(name)} (${clean(id)})`;

/** Prints what will be changed, what will not and why, and what it does not do. */
export function showPlan(plans: readonly InRegion<TemplatePlan>[], io: Io): void {
  const rows = plans.flatMap(({ region, plan }) =>
    changesOf(plan).map((change) => [region, nameOf(plan.template), change]),
  );
  if (rows.length > 0) printTable(io, ['region', 'launch template', 'change'], rows);
  const leftOut = plans.flatMap(({ region, plan }) =>
    plan.leftOut.map(({ launcher, reference, version, why }) => [
      region,
      `${nameOf(plan.template)} version ${version}, for ${referrerName(launcher, reference)}`,
      why,
    ]),
  );
  if (leftOut.length > 0) {
    if (rows.length > 0) io.out('');
    io.out(`Not changed: ${count(leftOut.length)}`);
    io.out('');
    printTable(io, ['region', 'launch template', 'why'], leftOut);
  }
  if (rows.length === 0) return;
  io.out('');
  io.out(
    'Nothing but metadata options changes, and no running instance. Terraform and tools like it leave no mark that AWS returns: if one owns a template or a group, change it there instead, because its next run sets it back.',
  );
}

/** The changes of a plan, one line each. */
export function changesOf({ creations, existing, moves, defaultFrom, following }: TemplatePlan): string[] {
  const target = (source: number) => {
    const made = existing.get(source);
    return made === undefined ? `the one made of ${source}` : `version ${made}, which an earlier run has made`;
  };
  return [
    ...creations.map(creationLine),
    ...(defaultFrom === undefined ? [] : [`$Default: from ${defaultFrom} to ${target(defaultFrom)}`]),
    ...moves.map(({ group, source }) => `Auto Scaling group ${clean(group)}: from ${source} to ${target(source)}`),
    ...[...new Set(following.map((launcher) => launcherName(launcher)))].map(
      (name) => `${name}: follows $Latest to the new version`,
    ),
  ];
}

function creationLine({ kind, source, options }: Creation): string {
  if (kind === 'again') return `new version of ${source} as it is, so that $Latest means the same as before`;
  return `new version of ${source} with ${optionsText(options)}`;
}

const optionsText = (options: MetadataOptions): string =>
  Object.entries(options)
    .map(([name, value]: [string, unknown]) => `${name}=${clean(String(value))}`)
    .join(', ');

/** The undo of a plan, one line each. */
export function undoLines({ creation, moves, defaultTo, template }: UndoPlan): string[] {
  return [
    ...(creation === undefined
      ? []
      : [`new version of ${creation.source} as it is, so that $Latest means the same as before`]),
    ...(defaultTo === undefined ? [] : [`$Default: from ${template.defaultVersion} back to ${defaultTo}`]),
    ...moves.map(({ group, from, source }) => `Auto Scaling group ${clean(group)}: from ${from} back to ${source}`),
  ];
}

/** Prints what will be undone. */
export function showUndo(plans: readonly InRegion<UndoPlan>[], io: Io): void {
  const rows = plans.flatMap(({ region, plan }) =>
    undoLines(plan).map((line) => [region, nameOf(plan.template), line]),
  );
  printTable(io, ['region', 'launch template', 'change'], rows);
  io.out('');
  io.out('Launches have IMDSv1 enabled again, unless the account default or the AMI decides otherwise.');
}

/** Prints what was done, and what was not. */
export function showResult(results: readonly (TemplateResult & { readonly region: string })[], io: Io): void {
  const created = results.reduce((sum, result) => sum + result.created.length, 0);
  const moved = results.reduce((sum, { moved: one }) => sum + one, 0);
  const defaults = results.filter(({ defaultVersion }) => defaultVersion !== undefined).length;
  const parts = [
    `${plural(created, 'version')} created`,
    `${plural(moved, 'reference')} moved`,
    ...(defaults > 0 ? [`${plural(defaults, 'default version')} set`] : []),
  ];
  io.out(parts.join(', '));
  for (const { region, template, failure } of results) {
    if (failure !== undefined) io.out(`${region} ${nameOf(template)} failed: ${failure}`);
  }
}
