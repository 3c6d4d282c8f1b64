import type { TemplateContent } from '../../../lambda/app/ports/index.ts';
import type { MetadataOptions } from '../../../lambda/core/instance.ts';
import type { Entry } from '../../../lambda/core/prevention/entries.ts';
import type { Launcher, Template, TemplateReference } from '../../../lambda/core/prevention/inventory.ts';
import { requiringOptions, statedOptions } from '../../../lambda/core/prevention/options.ts';
import { followsDefault, followsLatest } from '../../../lambda/core/prevention/references.ts';
import { type Mark, markIn } from './marks.ts';

/** A version to create. */
export interface Creation extends Mark {
  /** All metadata options of the version. */
  readonly options: MetadataOptions;
}

/** A reference of a group that names a version by its number, and moves to the version made of it. */
export interface Move {
  readonly group: string;
  readonly source: number;
}

/** A reference that stays as it is, and why. */
export interface LeftOut {
  readonly launcher: Launcher;
  readonly reference: TemplateReference;
  readonly version: number;
  readonly why: string;
}

/** What changes about one launch template. */
export interface TemplatePlan {
  readonly template: Template;
  /** In this order, because each becomes `$Latest` at once: the last one is made of the version that is the latest now. */
  readonly creations: readonly Creation[];
  /** Versions that an earlier run has made: source and number. */
  readonly existing: ReadonlyMap<number, number>;
  readonly moves: readonly Move[];
  /** The default version, if `$Default` moves to the version made of it. */
  readonly defaultFrom?: number;
  /** Launchers that follow `$Latest`, and so get a new version at once. */
  readonly following: readonly Launcher[];
  readonly leftOut: readonly LeftOut[];
}

/** What a person allows. */
export interface PlanOptions {
  readonly setDefault?: true;
  readonly evenIfManaged?: true;
}

/** Everything about one launch template that the plan needs. */
export interface TemplateState {
  readonly template: Template;
  /** Its versions that are referred to and launch with IMDSv1. */
  readonly blockers: readonly Entry[];
  /** All of its versions, in order. */
  readonly contents: readonly TemplateContent[];
  /** Why it cannot be excluded that something follows `$Latest`; `undefined` if it can. */
  readonly latestUsers?: string;
}

/**
 * Plans the change of one launch template, so that everything that refers to it gets the same data, but for metadata
 * options.
 *
 * A version becomes `$Latest` when it is created. So it is made of the latest one, or nothing may follow `$Latest`.
 */
export function planTemplate(state: TemplateState, options: PlanOptions): TemplatePlan {
  const { template, blockers, contents } = state;
  const contentOf = (version: number) => contents.find((one) => one.version === version);
  const latest = meantLatest(contents, template.latestVersion);
  const latestContent = contentOf(latest);
  const leftOut: LeftOut[] = [];
  const moves: Move[] = [];
  const following: Launcher[] = [];
  const required = new Map<number, Creation>();
  let defaultFrom: number | undefined;

  for (const entry of blockers) {
    const version = entry.version?.version ?? 0;
    const content = contentOf(version);
    const target = requiringOptions(content?.options ?? {}, entry.effective.hopLimit, entry.containerHost);
    const isLatestData =
      version === latest ||
      (latestContent?.rest === content?.rest && isEqual(target, statedOptions(latestContent?.options ?? {})));
    const refusal =
      refusalOf(entry, content, options) ??
      (isLatestData || state.latestUsers === undefined
        ? undefined
        : `the version made of it would become $Latest in place of version ${latest}, and ${state.latestUsers}`);
    for (const [index, launcher] of entry.launchers.entries()) {
      const reference = entry.references[index] ?? {};
      const why = refusal ?? leftOutBecause(launcher, reference, options);
      if (why !== undefined) {
        leftOut.push({ launcher, reference, version, why });
        continue;
      }
      if (followsLatest(reference)) following.push(launcher);
      else if (followsDefault(reference)) defaultFrom = version;
      else moves.push({ group: launcher.name, source: version });
      required.set(version, { kind: 'require', source: version, latest, options: target });
    }
  }
  const existing = existingOf(required, contents);
  const missing = [...required.values()].filter(({ source }) => !existing.has(source));
  return {
    template,
    creations: ordered(missing, latest, contents, template.latestVersion),
    existing,
    moves: unique(moves),
    defaultFrom,
    following,
    leftOut,
  };
}

/**
 * The version that `$Latest` is to mean. If an earlier run ended after a version made of an older one, and before the one
 * that follows it, this is the version that was the latest before that run.
 */
export function meantLatest(contents: readonly TemplateContent[], latestVersion: number): number {
  const contentOf = (version: number) => contents.find((one) => one.version === version);
  let version = latestVersion;
  for (;;) {
    const mark = markIn(contentOf(version)?.description);
    const before = mark && contentOf(mark.latest);
    if (mark?.kind !== 'require' || mark.latest >= version || before === undefined) return version;
    if (contentOf(version)?.rest === before.rest) return version;
    version = before.version;
  }
}

/** The versions to create: the one made of the latest is the last one, so that `$Latest` means its data in the end. */
function ordered(
  required: readonly Creation[],
  latest: number,
  contents: readonly TemplateContent[],
  latestVersion: number,
): Creation[] {
  const others = required.filter(({ source }) => source !== latest).toSorted((a, b) => a.source - b.source);
  const last = required.find(({ source }) => source === latest);
  if (last !== undefined) return [...others, last];
  const restOf = (version: number) => contents.find((one) => one.version === version)?.rest;
  const isMoved = latest !== latestVersion || others.some(({ source }) => restOf(source) !== restOf(latest));
  if (!isMoved) return others;
  const { options = {} } = contents.find(({ version }) => version === latest) ?? {};
  return [...others, { kind: 'again', source: latest, latest, options: statedOptions(options) }];
}

/** The versions that an earlier run has made, and that are as this run would make them. */
function existingOf(
  required: ReadonlyMap<number, Creation>,
  contents: readonly TemplateContent[],
): ReadonlyMap<number, number> {
  const restOf = (version: number) => contents.find((one) => one.version === version)?.rest;
  return new Map(
    [...required.values()].flatMap(({ source, options }) => {
      const made = contents.findLast(({ description, rest, options: stated }) => {
        const mark = markIn(description);
        return (
          mark?.kind === 'require' && mark.source === source && rest === restOf(source) && isEqual(stated, options)
        );
      });
      return made === undefined ? [] : [[source, made.version] as const];
    }),
  );
}

function refusalOf(
  { owner: { control }, launchers }: Entry,
  content: TemplateContent | undefined,
  { evenIfManaged }: PlanOptions,
): string | undefined {
  if (content === undefined) return 'the version was deleted in the meantime';
  if (control === 'generated') return 'a service made the template: change what it made it of';
  const resources = launchers.length > 0 ? 'the template, or a group that refers to it' : 'the template';
  if (control === 'stack' && !evenIfManaged) {
    return `a CloudFormation stack owns ${resources}: change it there; --even-if-managed changes it here`;
  }
  if (control === 'terraform' && !evenIfManaged) {
    return `Terraform seems to own ${resources}: change it there; --even-if-managed changes it here`;
  }
  return content.options.HttpEndpoint === 'disabled'
    ? 'it disables IMDS, and EC2 may refuse HttpTokens beside that: leave HttpTokens out of it'
    : undefined;
}

function leftOutBecause(
  { kind }: Launcher,
  reference: TemplateReference,
  { setDefault }: PlanOptions,
): string | undefined {
  if (followsLatest(reference)) return undefined;
  if (followsDefault(reference)) {
    return setDefault ? undefined : 'it follows $Default: --set-default moves that, for everything that follows it';
  }
  return kind === 'auto-scaling-group'
    ? undefined
    : 'the version of a fleet is changed with its whole configuration: request it again with a version that requires IMDSv2';
}

const isEqual = (a: MetadataOptions, b: MetadataOptions): boolean => {
  const sorted = (options: MetadataOptions) =>
    JSON.stringify(Object.entries(options).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return sorted(a) === sorted(b);
};

const unique = (moves: readonly Move[]): Move[] => [
  ...new Map(moves.map((move) => [JSON.stringify([move.group, move.source]), move])).values(),
];

/** Whether a plan changes anything. */
export const isChange = ({ creations, moves, defaultFrom }: TemplatePlan): boolean =>
  creations.length > 0 || moves.length > 0 || defaultFrom !== undefined;
