import type { AutoScalingContext } from './autoscaling/context.ts';
import { AutoScalingService } from './autoscaling/service.ts';
import type { Alarms } from './cloudwatch/alarms.ts';
import { EventBridgeService, type EventBridgeContext } from './eventbridge/service.ts';
import type { DeployedStack } from './cloudformation/stack.ts';
import { CloudFormationService } from './cloudformation/service.ts';
import { CloudTrailService } from './cloudtrail/service.ts';
import type { Trail } from './cloudtrail/trail.ts';
import { CloudWatchService } from './cloudwatch/service.ts';
import type { Usage } from './cloudwatch/usage.ts';
import type { Ec2Context } from './ec2/context.ts';
import type { Fleet } from './ec2/fleet.ts';
import type { Ec2Region } from './ec2/region.ts';
import { Ec2Service } from './ec2/service.ts';
import type { Roles } from './iam/roles.ts';
import { IamService } from './iam/service.ts';
import type { Keys } from './kms/keys.ts';
import { KmsService } from './kms/service.ts';
import type { CallLog } from './simulation/call-log.ts';
import type { Callers } from './simulation/callers.ts';
import type { Software } from './simulation/software.ts';
import type { LogLine } from './lambda/function.ts';
import type { Functions } from './lambda/functions.ts';
import { LambdaService } from './lambda/service.ts';
import { LogsService } from './logs/service.ts';
import { SnsService } from './sns/service.ts';
import type { Topics } from './sns/topics.ts';
import type { Queues } from './sqs/queues.ts';
import { SqsService } from './sqs/service.ts';
import { sts } from './sts/service.ts';
import type { Service } from './wire/gateway.ts';

/** What the services depend on. Stacks and functions are created after the services. */
export interface ServicesContext {
  readonly ec2: Ec2Context;
  readonly ec2Regions: ReadonlyMap<string, Ec2Region>;
  readonly region: (name: string) => Ec2Region;
  readonly fleet: (region: string) => Fleet;
  readonly usage: Usage;
  readonly topics: Topics;
  readonly queues: Queues;
  readonly trail: Trail;
  readonly homeRegion: string;
  readonly bus: EventBridgeContext['bus'];
  readonly roles: Roles;
  readonly keys: Keys;
  readonly alarms: Alarms;
  readonly calls: CallLog;
  readonly callers: Callers;
  readonly software: Software;
  /** How late calls are in event history, in simulated milliseconds. */
  readonly historyDelay: number;
  readonly put: EventBridgeContext['put'];
  readonly stacks: () => readonly DeployedStack[];
  readonly functions: () => Functions | undefined;
  readonly logLines: readonly LogLine[];
  readonly call: AutoScalingContext['call'];
  readonly run: AutoScalingContext['run'];
}

/** Every service of the local AWS, by the service name in the credential scope. */
export function servicesOf(context: ServicesContext): Readonly<Record<string, Service>> {
  const { ec2, queues, topics, trail, homeRegion, usage, fleet, logLines, functions, calls, callers, software } =
    context;
  const { account, clock, ids, faults } = ec2;
  const settings = () =>
    functions()
      ?.all()
      .map((host) => host.settings) ?? [];
  return {
    ec2: new Ec2Service(context.ec2Regions, ec2),
    sns: new SnsService(topics, ids, faults),
    sqs: new SqsService(queues, { clock, ids, faults }),
    sts,
    cloudformation: new CloudFormationService(context.stacks),
    cloudtrail: new CloudTrailService({
      trail,
      account,
      homeRegion,
      clock,
      calls,
      callers,
      software,
      delay: context.historyDelay,
    }),
    events: new EventBridgeService({ account, ids, faults, bus: context.bus, put: context.put }),
    lambda: new LambdaService(functions),
    logs: new LogsService(logLines, settings),
    monitoring: new CloudWatchService(usage, fleet, context.alarms),
    iam: new IamService(context.roles),
    kms: new KmsService(context.keys),
    autoscaling: new AutoScalingService({
      account,
      clock,
      ids,
      ec2: context.region,
      call: context.call,
      run: context.run,
    }),
  };
}
