import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { DeployedStack, StackResource } from './stack.ts';

// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
const MOST_DESCRIBED = 100;
const PAGE = 100;
const STATUS = 'CREATE_COMPLETE';
const NOT_CHECKED = 'NOT_CHECKED';

/** Read-only CloudFormation API. Stacks are deployed when the sandbox starts. */
export class CloudFormationService implements Service {
  readonly #stacks: () => readonly DeployedStack[];

  public constructor(stacks: () => readonly DeployedStack[]) {
    this.#stacks = stacks;
  }

  public handle({ action, params, region }: ApiCall): ResponseValue {
    const stacks = this.#stacks().filter((stack) => stack.region === region);
    switch (action) {
      case 'DescribeStacks':
        return paged('Stacks', requested(stacks, params, stacks), params, describe);
      case 'ListStacks':
        return paged('StackSummaries', stacks, params, summary);
      case 'DescribeStackResource': {
        const stack = one(stacks, params);
        return { StackResourceDetail: detail(stack, resource(stack, params), 'LastUpdatedTimestamp') };
      }
      case 'DescribeStackResources': {
        const stack = oneWithResource(stacks, params);
        const wanted = text(params, 'LogicalResourceId');
        const found = stack.resources.filter(({ logicalId }) => wanted === undefined || logicalId === wanted);
        return { StackResources: found.slice(0, MOST_DESCRIBED).map((item) => detail(stack, item, 'Timestamp')) };
      }
      case 'ListStackResources': {
        const { resources, createdAt } = one(stacks, params);
        const item = (found: StackResource) => resourceShape(found, createdAt, 'LastUpdatedTimestamp');
        return paged('StackResourceSummaries', resources, params, item);
      }
      default:
        throw new ApiError('InvalidAction', `The local AWS has no cloudformation:${action}`);
    }
  }
}

function paged<T>(name: string, all: readonly T[], params: Params, shape: (item: T) => ResponseValue): ResponseValue {
  const { items, nextToken } = page(all, PAGE, text(params, 'NextToken'), 'ValidationError');
  return { [name]: items.map(shape), NextToken: nextToken };
}

/** The stacks with the requested name or id; `all` if the call names none. */
function requested(stacks: readonly DeployedStack[], params: Params, all: readonly DeployedStack[]) {
  const wanted = text(params, 'StackName');
  if (wanted === undefined) return all;
  const found = stacks.filter(({ id, name }) => id === wanted || name === wanted);
  if (found.length === 0) throw new ApiError('ValidationError', `Stack with id ${wanted} does not exist`);
  return found;
}

function one(stacks: readonly DeployedStack[], params: Params): DeployedStack {
  const [stack] = requested(stacks, params, []);
  if (stack === undefined) throw new ApiError('ValidationError', 'Either StackName or StackId must be specified');
  return stack;
}

/** The stack with the requested name, or with the requested physical resource. */
function oneWithResource(stacks: readonly DeployedStack[], params: Params): DeployedStack {
  const physicalId = text(params, 'PhysicalResourceId');
  if (physicalId === undefined) return one(stacks, params);
  const stack = stacks.find(({ resources }) => resources.some((item) => item.physicalId === physicalId));
  if (stack === undefined) throw new ApiError('ValidationError', `Stack for ${physicalId} does not exist`);
  return stack;
}

function resource({ name, resources }: DeployedStack, params: Params): StackResource {
  const wanted = text(params, 'LogicalResourceId') ?? '';
  const found = resources.find(({ logicalId }) => logicalId === wanted);
  if (found === undefined) throw new ApiError('ValidationError', `Resource ${wanted} does not exist for stack ${name}`);
  return found;
}

const summary = ({ id, name, description, createdAt }: DeployedStack): Record<string, ResponseValue> => ({
  StackId: id,
  StackName: name,
  TemplateDescription: description,
  CreationTime: new Date(createdAt),
  StackStatus: STATUS,
  DriftInformation: { StackDriftStatus: NOT_CHECKED },
});

const describe = (stack: DeployedStack): ResponseValue => {
  const { TemplateDescription, ...rest } = summary(stack);
  return {
    ...rest,
    Description: TemplateDescription,
    Parameters: stack.parameters.map(({ key, value }) => ({ ParameterKey: key, ParameterValue: value })),
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
    DisableRollback: false,
    NotificationARNs: [],
    Capabilities: ['CAPABILITY_IAM'],
    EnableTerminationProtection: false,
    Tags: [],
  };
};

const resourceShape = (found: StackResource, createdAt: number, time: string): Record<string, ResponseValue> => ({
  LogicalResourceId: found.logicalId,
  PhysicalResourceId: found.physicalId,
  ResourceType: found.type,
  [time]: new Date(createdAt),
  ResourceStatus: STATUS,
  DriftInformation: { StackResourceDriftStatus: NOT_CHECKED },
});

const detail = ({ id, name, createdAt }: DeployedStack, found: StackResource, time: string): ResponseValue => ({
  StackId: id,
  StackName: name,
  ...resourceShape(found, createdAt, time),
});
