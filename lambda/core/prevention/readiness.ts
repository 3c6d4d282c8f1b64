import type { LaunchInventory, Template, TemplateVersion, Unseen } from './inventory.ts';
import { versionKey } from './inventory.ts';
import { effectiveOptions } from './effective.ts';
import { entriesOf, type Entry } from './entries.ts';
import { type BrokenReference, resolveReferences } from './references.ts';

/** Whether EC2 would refuse launches once `HttpTokensEnforced` is enabled. */
export type ReadinessState = 'enforced' | 'ready' | 'not-ready' | 'unknown';

/** What would be refused in a region, and what could not be looked at. */
export interface Readiness {
  readonly state: ReadinessState;
  /** Everything that launches instances. */
  readonly entries: readonly Entry[];
  /** The entries that launch instances which EC2 would refuse. */
  readonly blockers: readonly Entry[];
  readonly unseen: readonly Unseen[];
  /** References to what does not exist: their launches fail already. */
  readonly broken: readonly BrokenReference[];
  /** Versions, default or latest, that would be refused, and that nothing refers to which was looked at. */
  readonly unused: readonly TemplateVersion[];
  /** What the account requires of launches that state nothing; `unknown` if it could not be read. */
  readonly accountDefault: 'required' | 'not-required' | 'unknown';
  /** Whether the organization sets the defaults, so that the account cannot change them. */
  readonly managedByPolicy: boolean;
}

/** Ready is a region in which everything was looked at, and nothing would be refused. */
export function readinessOf(inventory: LaunchInventory): Readiness {
  const { defaults, unseen } = inventory;
  const entries = entriesOf(inventory);
  // Without the defaults, what inherits them is unknown, and `unseen` names them.
  const isBlocker = ({ effective: { tokens, decidedBy } }: Entry) =>
    tokens === 'optional' || (tokens === 'unknown' && decidedBy === 'ami');
  const blockers = entries
    .filter(isBlocker)
    .toSorted((a, b) => b.launchers.length - a.launchers.length || (b.launches ?? 0) - (a.launches ?? 0));
  const { broken } = resolveReferences(inventory);
  return {
    state: stateOf(defaults?.HttpTokensEnforced === 'enabled', blockers.length, unseen.length),
    entries,
    blockers,
    unseen,
    broken: unseen.length > 0 ? [] : broken,
    unused: unusedIn(inventory, entries),
    accountDefault:
      defaults === undefined ? 'unknown' : defaults.HttpTokens === 'required' ? 'required' : 'not-required',
    managedByPolicy: defaults?.ManagedBy === 'declarative-policy',
  };
}

function stateOf(enforced: boolean, blockers: number, unseen: number): ReadinessState {
  if (enforced) return 'enforced';
  if (blockers > 0) return 'not-ready';
  return unseen > 0 ? 'unknown' : 'ready';
}

function unusedIn(inventory: LaunchInventory, entries: readonly Entry[]): TemplateVersion[] {
  const used = new Set(entries.flatMap(({ template }) => template?.id ?? []));
  const versionsOf = ({ id, defaultVersion, latestVersion }: Template) =>
    [...new Set([defaultVersion, latestVersion])].flatMap(
      (version) => inventory.versions.get(versionKey(id, version)) ?? [],
    );
  return [...inventory.templates.values()]
    .filter(({ id }) => !used.has(id))
    .flatMap(versionsOf)
    .filter((version) => effectiveOptions(version, inventory).tokens === 'optional');
}
