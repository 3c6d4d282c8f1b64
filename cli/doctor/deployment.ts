import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { UsageError } from '../shared/command.ts';
import type { CheckResult } from './check-result.ts';

/** A client of any service: a call that hangs must not keep people waiting. */
export type ClientConfig = Pick<CloudFormationClientConfig, 'region' | 'profile' | 'requestHandler'>;

export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Name, URL or ARN: each service has its own way. */
  readonly physicalId: string;
}

/** The stack of the product, as CloudFormation knows it. */
export interface Deployment {
  readonly stackName: string;
  readonly status: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** @throws UsageError if the stack has no such output. */
  readonly output: (name: string) => string;
  /** The value of an output that deployments of an older version lack. */
  readonly setting: (name: string) => string | undefined;
  /** The resources of a type. Needs `cloudformation:ListStackResources`. */
  readonly resources: (type: string) => Promise<readonly StackResource[]>;
}

/**
 * Finds the deployment. Needs `cloudformation:DescribeStacks`.
 *
 * @throws UsageError if there is none of that name.
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
    throw new UsageError(`there is no stack ${JSON.stringify(stackName)} in ${region}: give --stack, --region`);
  }
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const [, partition = 'aws', , , account = ''] = (stack.StackId ?? '').split(':');
  let listed: Promise<readonly StackResource[]> | undefined;
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
        `the stack has no output ${name}: it is another stack, or of an older version; deploy this one`,
      );
    },
    setting: (name) => outputs.get(name),
    resources: async (type) => {
      listed ??= listResources(client, stackName);
      return (await listed).filter((resource) => resource.type === type);
    },
  };
}

async function listResources(client: CloudFormationClient, StackName: string): Promise<readonly StackResource[]> {
  const resources: StackResource[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    for (const { LogicalResourceId = '', ResourceType = '', PhysicalResourceId = '' } of StackResourceSummaries) {
      resources.push({ logicalId: LogicalResourceId, type: ResourceType, physicalId: PhysicalResourceId });
    }
  }
  return resources;
}

/** ARN of the function that answers events. */
export function functionArn(deployment: Deployment): string {
  const { partition, region, account } = deployment;
  return `arn:${partition}:lambda:${region}:${account}:function:${deployment.output('FunctionName')}`;
}

/** Whether the last deployment went well. */
export function checkStack({ stackName, region, status, setting }: Deployment): CheckResult[] {
  const check = 'stack';
  const settings = ['Mode', 'Existing', 'Trail', 'RoleGuard']
    .map((name) => `${name} ${setting(name) ?? 'unknown'}`)
    .join(', ');
  const text = `${stackName} in ${region}: ${status} (${settings})`;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return [{ check, level: 'ok', text }];
  if (status.endsWith('_IN_PROGRESS')) {
    return [{ check, level: 'warn', text, todo: 'it is being deployed: look again when that has ended' }];
  }
  // Rolled back to what worked before.
  const level = status === 'UPDATE_ROLLBACK_COMPLETE' ? 'warn' : 'fail';
  return [{ check, level, text, todo: 'the last deployment failed: see the events of the stack, and deploy again' }];
}
