import type { Roles } from '../iam/roles.ts';
import type { FunctionSettings } from '../lambda/function.ts';
import { at, text, texts } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { whole } from './properties.ts';
import type { Resource } from './template.ts';

/** Where a function is deployed. */
export interface FunctionPlace {
  readonly account: string;
  readonly region: string;
  readonly bundle: string;
  /** Simulated milliseconds since 1970. */
  readonly now: number;
  readonly roles: Roles;
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

/** Settings in the properties of an `AWS::Lambda::Function`. */
export function functionSettings(
  id: string,
  { Properties = {} }: Resource,
  intrinsics: Intrinsics,
  { account, region, bundle, now, roles }: FunctionPlace,
): FunctionSettings {
  const read = (name: string) => intrinsics.resolve(Properties[name], `${id}.${name}`);
  const name = intrinsics.nameOf(id);
  const role = read('Role');
  const roleName = typeof role === 'string' ? (role.split('/').at(-1) ?? '') : `${name}-role`;
  const variables = at(read('Environment'), 'Variables') ?? {};
  const logging = read('LoggingConfig');
  return {
    name,
    arn: intrinsics.arnOf(id),
    region,
    handler: text(Properties, 'Handler') ?? 'index.handler',
    bundle,
    timeoutSeconds: whole(Properties, 'Timeout', DEFAULT_TIMEOUT_SECONDS),
    memoryMb: whole(Properties, 'MemorySize', DEFAULT_MEMORY_MB),
    environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
    roleArn: `arn:aws:sts::${account}:assumed-role/${roleName}/${name}`,
    policies: (roleArn) => roles.statementsOf(roleArn.split('/')[1] ?? ''),
    logGroup: text(logging, 'LogGroup') ?? `/aws/lambda/${name}`,
    about: {
      description: text(Properties, 'Description'),
      runtime: text(Properties, 'Runtime'),
      architecture: texts(Properties, 'Architectures')[0],
      executionRoleArn: typeof role === 'string' ? role : undefined,
      logFormat: text(logging, 'LogFormat'),
      lastModified: new Date(now),
    },
  };
}
