/** The parts of a CloudFormation template that the local AWS reads. */
export interface Template {
  readonly Description?: string;
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** Thrown for a template that the local AWS cannot deploy. */
export class TemplateError extends Error {
  public override readonly name = 'TemplateError';
}

/** A stack to deploy. */
export interface StackInput {
  /** The synthesized template. */
  readonly template: Template;
  /** @default the home region, which is the first one */
  readonly region?: string;
  /** @default 'Local' */
  readonly name?: string;
}

/** The resources of one type, with their logical ids. */
export function resourcesOf(template: Template, type: string): readonly (readonly [id: string, resource: Resource])[] {
  return Object.entries(template.Resources ?? {}).filter(([, resource]) => resource.Type === type);
}

/**
 * Whether a name denotes a resource.
 *
 * Accepted are its logical id, the end of its logical id without the hash of the CDK, the id of its construct, and the end of the
 * path of its construct, such as `Scan/Queue`.
 */
export const isNamed = (id: string, resource: Resource, name: string): boolean =>
  distance(id, resource, name) < Infinity;

/** The logical id that a name denotes: an exact match, or else that of the outermost construct. */
export function bestNamed(
  resources: readonly (readonly [id: string, resource: Resource])[],
  name: string,
): string | undefined {
  const found = resources.filter(([id, resource]) => isNamed(id, resource, name));
  return found.sort((a, b) => distance(...a, name) - distance(...b, name))[0]?.[0];
}

/** More than the parts of any path. */
const FAR = 1000;

function distance(id: string, resource: Resource, name: string): number {
  if (id === name) return 0;
  const path = pathOf(resource);
  const depth = path.split('/').length;
  if (`/${path}`.endsWith(`/${name}`)) return depth;
  return id.replace(/[0-9A-F]{8}$/, '').endsWith(name) ? FAR + depth : Infinity;
}

/** The path of its construct, or an empty string if the template does not contain it. */
function pathOf({ Metadata }: Resource): string {
  const path = Metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/Resource$/, '') : '';
}
