/** A CloudFormation template, as far as it is read here. */
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

/** A template that cannot be deployed here. */
export class TemplateError extends Error {
  public override readonly name = 'TemplateError';
}

/** A stack to deploy. */
export interface StackInput {
  /** The synthesized template. */
  readonly template: Template;
  /** Default: the home region, which is the first one. */
  readonly region?: string;
  /** Default: `Local`. */
  readonly name?: string;
}

/** The resources of one type, with their logical ids. */
export function resourcesOf(template: Template, type: string): readonly (readonly [id: string, resource: Resource])[] {
  return Object.entries(template.Resources ?? {}).filter(([, resource]) => resource.Type === type);
}

/**
 * Whether a resource goes by this name: its logical id, the end of that without CDK's hash, the id of its construct, or the end of
 * its construct's path, such as `Scan/Queue`.
 */
export const isNamed = (id: string, resource: Resource, name: string): boolean =>
  distance(id, resource, name) < Infinity;

/** Of the resources that go by a name: the one whose logical id it is, then the outermost whose construct goes by it. */
export function bestNamed(
  resources: readonly (readonly [id: string, resource: Resource])[],
  name: string,
): string | undefined {
  const found = resources.filter(([id, resource]) => isNamed(id, resource, name));
  return found.sort((a, b) => distance(...a, name) - distance(...b, name))[0]?.[0];
}

/** More than any path has parts. */
const FAR = 1000;

function distance(id: string, resource: Resource, name: string): number {
  if (id === name) return 0;
  const path = pathOf(resource);
  const depth = path.split('/').length;
  if (`/${path}`.endsWith(`/${name}`)) return depth;
  return id.replace(/[0-9A-F]{8}$/, '').endsWith(name) ? FAR + depth : Infinity;
}

/** Of its construct; empty if the template does not say. */
function pathOf({ Metadata }: Resource): string {
  const path = Metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/Resource$/, '') : '';
}
