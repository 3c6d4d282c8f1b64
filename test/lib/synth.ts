import { App, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import cdk from '../../cdk.json';
import { type Deployment, deployment, EnforcerStack } from '../../lib/index.ts';
import type { Settings } from '../../lib/settings.ts';

const code = (name: string) => Code.fromInline(`export const handler = async () => '${name}';`);

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly Principal?: { readonly Service?: string };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Without stack traces and the tree: both help to find a construct, and take half of the time. */
const newApp = () =>
  new App({
    context: { ...cdk.context, [DISABLE_CREATION_STACK_TRACES]: true },
    stackTraces: false,
    treeMetadata: false,
  });

/** The stack as `cdk synth` makes it, feature flags included, but for the bundle. */
export function stackOf(settings: Partial<Settings> = {}, env?: Environment): EnforcerStack {
  return new EnforcerStack(newApp(), 'Imdsv2Enforcer', {
    ...settings,
    env,
    code: { enforce: code('enforce'), scan: code('scan') },
  });
}

const templates = new Map<string, Template>();

/** Made once for the same settings: nobody changes a template. */
export function templateOf(settings: Partial<Settings> = {}, env?: Environment): Template {
  const key = JSON.stringify([settings, env]);
  const template = templates.get(key) ?? Template.fromStack(stackOf(settings, env));
  templates.set(key, template);
  return template;
}

/** The stacks of several regions, the home region first, as `bin/app.ts` makes them. */
export function deploymentOf(regions: readonly string[], settings: Partial<Settings> = {}): Deployment {
  return deployment(newApp(), 'Imdsv2Enforcer', {
    ...settings,
    regions,
    code: { enforce: code('enforce'), scan: code('scan') },
  });
}

/** Properties by logical id. */
export function resources<T>(template: Template, type: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties as T]),
  );
}

/** Logical id and properties of the one resource of a type; with a path, of the one whose logical id starts so. */
export function theOne<T>(template: Template, type: string, prefix = ''): readonly [id: string, properties: T] {
  const found = Object.entries(resources<T>(template, type)).filter(([id]) => id.startsWith(prefix));
  const [first] = found;
  if (found.length !== 1 || first === undefined) throw new Error(`${found.length} ${type} start with "${prefix}"`);
  return first;
}

/** Every policy statement, wherever in the template. */
export function statements(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = 'Effect' in value && ('Action' in value || 'NotAction' in value) ? [value as Statement] : [];
  return [...here, ...Object.values(value).flatMap(statements)];
}

export function actions({ Action }: Statement): readonly string[] {
  return [Action ?? []].flat();
}
