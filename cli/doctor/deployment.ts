import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { resourcesOf, type StackResource } from '../../lambda/adapters/health/parts.ts';
import type { HealthResult } from '../../lambda/core/health.ts';
import { UsageError } from '../common/command.ts';
import { fail, ok, warn } from './check-result.ts';

/** The configuration of any client, from `Aws.config`. */
export type ClientConfig = Pick<CloudFormationClientConfig, 'region' | 'profile' | 'requestHandler'>;

/** The CloudFormation stack of the product. */
export interface Deployment {
  readonly stackName: string;
  readonly status: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** @throws UsageError if the stack has no such output. */
  readonly output: (name: string) => string;
  /** The value of an output; `undefined` if the stack does not have it. */
  readonly setting: (name: string) => string | undefined;
  /** All resources of the stack. */
  readonly allResources: () => Promise<readonly StackResource[]>;
  /** The resources of a type. */
  readonly resources: (type: string) => Promise<readonly StackResource[]>;
}

/**
 * Finds the deployment.
 *
 * @throws UsageError if no stack has that name.
 */
export async function findDeployment(stackName: string, region: string, config: ClientConfig): Promise<Deployment> {
  const client = new CloudFormationClient(config);
  const { Stacks: [stack] = [] } = await client
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      if (error instanceof Error && / does not exist/.test(error.message)) return { Stacks: [] };
      throw error;
    });
  if (stack === undefined) {
    throw new UsageError(`stack ${JSON.stringify(stackName)} not found in ${region}: use --stack, --region`);
  }
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const [, partition = 'aws', , , account = ''] = (stack.StackId ?? '').split(':');
  let listed: Promise<readonly StackResource[]> | undefined;
  const allResources = () => (listed ??= resourcesOf(client, stackName));
  return {
    stackName,
    status: stack.StackStatus ?? '',
    partition,
    region,
    account,
    output: (name) => {
      const value = outputs.get(name);
      if (value !== undefined) return value;
      throw new UsageError(
        `the stack has no output ${name}: it is a different stack, or an older version; deploy this version`,
      );
    },
    setting: (name) => outputs.get(name),
    allResources,
    resources: async (type) => (await allResources()).filter((resource) => resource.type === type),
  };
}

/** ARN of the function that handles events. */
export function functionArn(deployment: Deployment): string {
  const { partition, region, account } = deployment;
  return `arn:${partition}:lambda:${region}:${account}:function:${deployment.output('FunctionName')}`;
}

/** Checks whether the last deployment succeeded. */
export function checkStack({ stackName, region, status, setting }: Deployment): HealthResult[] {
  const check = 'stack';
  const settings = ['Mode', 'Existing', 'Trail', 'RoleGuard'].map((name) => `${name} ${setting(name) ?? 'unknown'}`);
  const text = `${stackName} in ${region}: ${status} (${settings.join(', ')})`;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return [ok(check, text)];
  if (status.endsWith('_IN_PROGRESS'))
    return [warn(check, text, 'a deployment is in progress: run doctor again when it has finished')];
  // After a rollback the previous version works.
  const result = status === 'UPDATE_ROLLBACK_COMPLETE' ? warn : fail;
  return [result(check, text, 'the last deployment failed: see the stack events, then deploy again')];
}
