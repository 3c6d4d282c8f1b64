import {
  type LaunchInventory,
  type Launcher,
  type Template,
  type TemplateReference,
  type TemplateVersion,
  versionKey,
} from './inventory.ts';

/** A reference with the version that it means now. */
export interface ResolvedReference {
  readonly launcher: Launcher;
  readonly reference: TemplateReference;
  readonly template: Template;
  readonly version: TemplateVersion;
}

/** A reference whose launches fail, because the template or the version does not exist. */
export interface BrokenReference {
  readonly launcher: Launcher;
  readonly reference: TemplateReference;
}

/**
 * The number of the version that a reference means now. Without a version, it is the default one.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
 */
export function versionNumber(
  { version = DEFAULT }: TemplateReference,
  { defaultVersion, latestVersion }: Template,
): number {
  if (version === LATEST) return latestVersion;
  return version === DEFAULT || version === '' ? defaultVersion : Number(version);
}

/** Versions that move: AWS resolves them at each launch. */
export const LATEST = '$Latest';
export const DEFAULT = '$Default';

/** Whether a reference follows the default version. */
export const followsDefault = ({ version = DEFAULT }: TemplateReference): boolean =>
  version === DEFAULT || version === '';

/** Whether a reference follows the latest version. */
export const followsLatest = ({ version }: TemplateReference): boolean => version === LATEST;

/** How a reference names its version, for texts. */
export const formOf = (reference: TemplateReference): string =>
  followsDefault(reference) ? DEFAULT : String(reference.version);

/** Resolves the references of all launchers. Nothing is broken of which it is unknown whether it exists. */
export function resolveReferences(inventory: LaunchInventory): {
  readonly resolved: readonly ResolvedReference[];
  readonly broken: readonly BrokenReference[];
} {
  const resolved: ResolvedReference[] = [];
  const broken: BrokenReference[] = [];
  const { templates, versions } = inventory;
  const byName = new Map([...templates.values()].map((template) => [template.name, template]));
  for (const launcher of inventory.launchers) {
    for (const reference of launcher.references) {
      const { templateId, templateName = '' } = reference;
      const template = templateId === undefined ? byName.get(templateName) : templates.get(templateId);
      const version = template && versions.get(versionKey(template.id, versionNumber(reference, template)));
      if (template !== undefined && version !== undefined) resolved.push({ launcher, reference, template, version });
      else broken.push({ launcher, reference });
    }
  }
  return { resolved, broken };
}
