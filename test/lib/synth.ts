import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** An app without stack traces and tree metadata, which take half of the time. */
export const newApp = (flags: Readonly<Record<string, unknown>> = cdk.context) =>
  new App({
    context: { ...flags, [DISABLE_CREATION_STACK_TRACES]: true },
    outdir: mkdtempSync(join(tmpdir(), 'synth-')),
    stackTraces: false,
    treeMetadata: false,
  });

/** The stack as `cdk synth` creates it, with the same feature flags but without the bundles. */
export function stackOf(settings: Partial<Settings> = {}, env?: Environment, app = newApp()): EnforcerStack {
  return new EnforcerStack(app, 'Imdsv2Enforcer', {
    ...settings,
    env,
    code: { enforce: code('enforce'), scan: code('scan'), notify: code('notify') },
  });
}

const templates = new Map<string, Template>();

/** Cached by settings, because tests do not change templates. */
export function templateOf(settings: Partial<Settings> = {}, env?: Environment): Template {
  const key = JSON.stringify([settings, env]);
  const template = templates.get(key) ?? Template.fromStack(stackOf(settings, env));
  templates.set(key, template);
  return template;
}

/** The stacks of several regions, the home region first, as `bin/app.ts` creates them. */
export function deploymentOf(regions: readonly string[], settings: Partial<Settings> = {}): Deployment {
  return deployment(newApp(), 'Imdsv2Enforcer', {
    ...settings,
    regions,
    code: { enforce: code('enforce'), scan: code('scan'), notify: code('notify') },
  });
}

/** Properties of all resources of a type, by logical id. */
export function resources<T>(template: Template, type: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties as T]),
  );
}

/** Logical id and properties of the only resource of a type, or of the only one whose logical id has a prefix. */
export function theOne<T>(template: Template, type: string, prefix = ''): readonly [id: string, properties: T] {
  const found = Object.entries(resources<T>(template, type)).filter(([id]) => id.startsWith(prefix));
  const [first] = found;
  if (found.length !== 1 || first === undefined) throw new Error(`${found.length} ${type} start with "${prefix}"`);
  return first;
}

/** All policy statements anywhere in a template. */
export function statements(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Effect' in value && ('Action' in value || 'NotAction' in value) ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statements)];
}

export function actions({ Action }: Statement): readonly string[] {
  return [Action ?? []].flat();
}
