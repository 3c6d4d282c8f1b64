import type { TemplateContent } from '../../../lambda/app/ports/index.ts';
import type { LaunchInventory, Template } from '../../../lambda/core/prevention/inventory.ts';
import { resolveReferences } from '../../../lambda/core/prevention/references.ts';
import { markIn } from './marks.ts';
import { type Creation, meantLatest, type Move } from './plan.ts';

/** What undoes earlier runs on one launch template. No version is deleted: something may refer to it by now. */
export interface UndoPlan {
  readonly template: Template;
  /** Makes `$Latest` mean its earlier data again; absent if it means something else by now. */
  readonly creation?: Creation;
  /** References of groups to versions that this command has made; `source` is the version that they go back to. */
  readonly moves: readonly (Move & { readonly from: number })[];
  /** The version that `$Default` goes back to. */
  readonly defaultTo?: number;
}

/** Plans the undo of everything that the descriptions of versions say that this command has made. */
export function planUndo(
  template: Template,
  contents: readonly TemplateContent[],
  inventory: LaunchInventory,
): UndoPlan | undefined {
  const exists = (version: number) => contents.some((one) => one.version === version);
  const sources = new Map(
    contents.flatMap(({ version, description }) => {
      const mark = markIn(description);
      return mark?.kind === 'require' && exists(mark.source) ? [[version, mark.source] as const] : [];
    }),
  );
  if (sources.size === 0) return undefined;
  const moves = resolveReferences(inventory).resolved.flatMap(({ launcher, reference, version, template: { id } }) => {
    const source = sources.get(version.version);
    const isMoved =
      id === template.id && launcher.kind === 'auto-scaling-group' && /^\d+$/.test(reference.version ?? '');
    return isMoved && source !== undefined ? [{ group: launcher.name, source, from: version.version }] : [];
  });
  const creation = creationFor(template, contents, sources);
  const defaultTo = sources.get(template.defaultVersion);
  if (creation === undefined && moves.length === 0 && defaultTo === undefined) return undefined;
  return {
    template,
    creation,
    moves: [...new Map(moves.map((move) => [JSON.stringify(move), move])).values()],
    defaultTo,
  };
}

function creationFor(
  { latestVersion }: Template,
  contents: readonly TemplateContent[],
  sources: ReadonlyMap<number, number>,
): Creation | undefined {
  const meant = meantLatest(contents, latestVersion);
  const source = meant === latestVersion ? sources.get(latestVersion) : meant;
  const content = contents.find(({ version }) => version === source);
  if (content === undefined) return undefined;
  return { kind: 'again', source: content.version, latest: latestVersion, options: content.options };
}
