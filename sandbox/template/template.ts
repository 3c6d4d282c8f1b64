/** A CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
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

/** Whether a resource goes by this name: its logical id, that without CDK's hash, or the id of its construct. */
export function isNamed(id: string, resource: Resource, name: string): boolean {
  const path = resource.Metadata?.['aws:cdk:path'];
  const construct =
    typeof path === 'string'
      ? path
          .replace(/\/Resource$/, '')
          .split('/')
          .at(-1)
      : undefined;
  return id === name || construct === name || id.replace(/[0-9A-F]{8}$/, '').endsWith(name);
}
