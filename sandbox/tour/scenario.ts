import {
  CreateTagsCommand,
  DeleteTagsCommand,
  EC2Client,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Severity } from '../../lambda/contract.ts';
import type { Instance } from '../aws/ec2/instance.ts';
import type { PublishedMessage } from '../aws/sns/message.ts';
import { at, list, text } from '../aws/wire/params.ts';
import type { Sandbox } from '../index.ts';

/** The callers of EC2 in the tour, by access key. */
export const CALLERS = {
  AKIADEVELOPER: {
    arn: 'arn:aws:sts::111122223333:assumed-role/Developer/ana',
    sourceIp: '198.51.100.23',
    userAgent: 'aws-cli/2.31.0',
  },
  AKIAPIPELINE: {
    arn: 'arn:aws:sts::111122223333:assumed-role/deploy-pipeline/build-4711',
    sourceIp: '203.0.113.80',
    userAgent: 'APN/1.0 HashiCorp/1.0 Terraform/1.13.4',
  },
  AKIAAUTOSCALING: {
    arn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
    sourceIp: 'autoscaling.amazonaws.com',
    userAgent: 'autoscaling.amazonaws.com',
    invokedBy: 'autoscaling.amazonaws.com',
  },
} as const;
type Key = keyof typeof CALLERS;

/** The outcome of an instance, from the log of a function. */
export interface LoggedOutcome {
  readonly instanceId: string;
  readonly status: string;
  readonly reason: string;
  readonly trigger: string;
  readonly severity: Severity;
  readonly exposedSeconds?: number;
}

const IMAGE = 'ami-0aa11bb22cc33dd44';

/** A sandbox with the calls that cases make, and queries about what follows from them. */
export class Scenario {
  /** @param columns width of what is printed. */
  public constructor(
    public readonly sandbox: Sandbox,
    /** Prints a line of terminal output. */
    public readonly print: (line: string) => void = () => undefined,
    public readonly columns = 100,
  ) {}

  public async launch(
    options: Partial<RunInstancesCommandInput> = {},
    tags: Record<string, string> = {},
    by: Key = 'AKIADEVELOPER',
    region = this.sandbox.homeRegion,
  ) {
    const { MinCount = 1, MaxCount = MinCount, ...rest } = options;
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const TagSpecifications = Tags.length > 0 ? [{ ResourceType: 'instance' as const, Tags }] : undefined;
    const image = rest.LaunchTemplate === undefined ? { ImageId: IMAGE } : {};
    const command = new RunInstancesCommand({ ...image, MinCount, MaxCount, TagSpecifications, ...rest });
    const { Instances = [] } = await this.#ec2(by, region).send(command);
    return Instances.map(({ InstanceId = '' }) => InstanceId);
  }

  public async modify(InstanceId: string, options: object, by: Key = 'AKIADEVELOPER'): Promise<void> {
    await this.#ec2(by).send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...options }));
  }

  public async tag(id: string, tags: Record<string, string>, by: Key = 'AKIADEVELOPER'): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await this.#ec2(by).send(new CreateTagsCommand({ Resources: [id], Tags }));
  }

  public async untag(id: string, key: string, by: Key = 'AKIADEVELOPER'): Promise<void> {
    await this.#ec2(by).send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: key }] }));
  }

  public async start(instanceId: string): Promise<void> {
    await this.#ec2('AKIADEVELOPER').send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  }

  public instance(id: string): Instance {
    const { sandbox } = this;
    const instance = sandbox.regions.map((region) => sandbox.fleet(region).get(id)).find((one) => one !== undefined);
    if (instance === undefined) throw new Error(`instance ${id} does not exist`);
    return instance;
  }

  /** The instance with a unique name. */
  public named(name: string): Instance {
    const instance = this.sandbox
      .fleet()
      .instances()
      .find(({ tags }) => tags.get('Name') === name);
    if (instance === undefined) throw new Error(`no instance has the name ${name}`);
    return instance;
  }

  /** The outcomes of one instance or of all, oldest first. */
  public outcomes(id?: string): readonly LoggedOutcome[] {
    return this.sandbox
      .logs()
      .filter(({ json }) => json['message'] === 'outcome' && (id === undefined || json['instanceId'] === id))
      .map(({ json }) => json as unknown as LoggedOutcome);
  }

  /** Whether an instance has an outcome, such as `remediated` or `needs-review existing-instance`. */
  public hasOutcome(id: string, wanted: string): boolean {
    return this.outcomes(id).some(({ status, reason }) => wanted === status || wanted === `${status} ${reason}`);
  }

  /** The messages that name an instance. */
  public alerts(id: string): readonly PublishedMessage[] {
    return this.mailbox().filter(({ email }) => email.body.includes(id));
  }

  public mailbox(): readonly PublishedMessage[] {
    return this.sandbox.topic('Outcomes').messages;
  }

  /** The messages with a schema. */
  public messages(schema: string): readonly PublishedMessage[] {
    return this.mailbox().filter(({ json }) => text(JSON.parse(json.Message), 'schema') === schema);
  }

  /** When the schedule of scans ran. */
  public scheduledAt(): readonly string[] {
    return this.sandbox.events
      .filter((event) => event['detail-type'] === 'Scheduled Event' && /ScanSchedule/.test(event.resources.join()))
      .map(({ time }) => time);
  }

  /** The number of messages that a function received with the CloudTrail event of a call and an id. */
  public received(eventName: string, id: string): number {
    const bodies = this.sandbox.invocations.flatMap(({ payload }) => bodiesOf(payload));
    return bodies.filter((body) => body.includes(id) && body.includes(`"eventName":"${eventName}"`)).length;
  }

  /** The number of calls by functions to modify an instance, including those that failed. */
  public modifyAttempts(): number {
    const calls = this.sandbox.calls.of('ModifyInstanceMetadataOptions');
    return calls.filter(({ invocation }) => invocation !== undefined).length;
  }

  /** The number of successful calls by functions to modify an instance. */
  public changes(id: string): number {
    const calls = this.sandbox.calls.of('ModifyInstanceMetadataOptions', { outcome: 'ok' });
    return calls.filter(({ params, invocation }) => invocation !== undefined && text(params, 'InstanceId') === id)
      .length;
  }

  #ec2(accessKeyId: Key, region = this.sandbox.homeRegion): EC2Client {
    return new EC2Client(this.sandbox.client({ accessKeyId, region }));
  }
}

/** The bodies of the messages of an invocation. */
const bodiesOf = (payload: unknown): string[] => list(payload, 'Records').map((record) => String(at(record, 'body')));
