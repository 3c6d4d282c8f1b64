import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { FailureError } from '../../core/failure.ts';

/** A resource of the stack. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Name, URL or ARN, depending on the service. */
  readonly physicalId: string;
}

/** Reads the resources of a stack. Needs `cloudformation:ListStackResources`. */
export async function resourcesOf(client: CloudFormationClient, StackName: string): Promise<readonly StackResource[]> {
  const resources: StackResource[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    for (const { LogicalResourceId = '', ResourceType = '', PhysicalResourceId = '' } of StackResourceSummaries) {
      resources.push({ logicalId: LogicalResourceId, type: ResourceType, physicalId: PhysicalResourceId });
    }
  }
  return resources;
}

const SCAN_FUNCTION = 'ScanFunction';

/** The resources of the construct `Imdsv2Enforcer` in a stack, by the path of their construct in it. */
export class Parts {
  readonly #resources: readonly StackResource[];
  readonly #prefix: string;

  /**
   * @param scanFunction name of the scan function, if the stack may have several.
   * @throws FailureError if the stack has none.
   */
  public constructor(resources: readonly StackResource[], scanFunction?: string) {
    const scan = resources.find(
      (one) =>
        one.type === 'AWS::Lambda::Function' &&
        pathIn(one).endsWith(SCAN_FUNCTION) &&
        (scanFunction === undefined || one.physicalId === scanFunction),
    );
    if (scan === undefined) {
      throw new FailureError('unknown', 'the stack has no scan function: it is a different stack, or an older version');
    }
    this.#resources = resources;
    this.#prefix = pathIn(scan).slice(0, -SCAN_FUNCTION.length);
  }

  /** The physical id of a part. @throws FailureError if the stack does not have it. */
  public id(type: string, path: string): string {
    const found = this.find(type, path);
    if (found !== undefined) return found;
    throw new FailureError('unknown', `the stack has no ${path}: it is an older version; deploy this version`);
  }

  /** The physical id of a part; `undefined` if the stack does not have it. */
  public find(type: string, path: string): string | undefined {
    return this.#resources.find((one) => one.type === type && pathIn(one) === `${this.#prefix}${path}`)?.physicalId;
  }

  /** The physical ids of all parts of a type. */
  public all(type: string): readonly string[] {
    return this.#resources
      .filter((one) => one.type === type && one.logicalId.startsWith(this.#prefix))
      .map(({ physicalId }) => physicalId);
  }
}

/** The path of the construct in a logical id, to which the CDK appends a hash. */
const pathIn = ({ logicalId }: StackResource): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** The name of a queue, whose physical id is its URL. */
export const queueName = (url: string): string => url.split('/').at(-1) ?? url;

/** Queues of the deployment by path, each with the path of its dead-letter queue. */
export const QUEUES: Readonly<Record<string, string | undefined>> = {
  WorkQueue: 'GivenUpQueue',
  GivenUpQueue: 'DeadLetterQueue',
  CheckQueue: 'DeadLetterQueue',
  DeadLetterQueue: undefined,
  ScanQueue: 'ScanDeadLetterQueue',
  ScanDeadLetterQueue: undefined,
  NotifierUrgentQueue: 'NotifierDeadLetterQueue',
  NotifierSummaryQueue: 'NotifierDeadLetterQueue',
  NotifierDeadLetterQueue: undefined,
};

/** Functions by path, each with its queues. The notifier receives from the queue of summaries by itself. */
export const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  Function: ['WorkQueue', 'CheckQueue'],
  ScanFunction: ['ScanQueue', 'GivenUpQueue'],
  NotifierFunction: ['NotifierUrgentQueue'],
};
