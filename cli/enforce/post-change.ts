import { SQSClient } from '@aws-sdk/client-sqs';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { sqsWorkQueue } from '../../lambda/adapters/sqs-work-queue.ts';
import { runPostChangeChecks } from '../../lambda/app/post-change-checks.ts';
import { WORKLOAD_IMPACT_SCHEMA } from '../../lambda/contract.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { renderWorkloadImpact } from '../../lambda/core/workload-impact.ts';
import type { PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import type { Aws } from '../common/aws.ts';
import type { FoundDeployment } from '../common/deployment-events.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { usageReader } from '../common/usage.ts';
import type { Remediated } from './apply.ts';

/** Minutes after the last change: metrics arrive 5 to 10 minutes late. */
const WAIT_MINUTES = 15;

/** The post-change check of a run. */
export interface PostChange {
  /** The stack whose function checks the instances. */
  readonly scheduledIn?: string;
  /** Why none is scheduled. */
  readonly problem?: string;
  /** Ids of instances with rejected IMDSv1 calls; absent if the run did not wait for them. */
  readonly affected?: readonly string[];
  /** Regions whose rejected calls could not be read. */
  readonly unreadRegions?: readonly string[];
}

export interface PostChangeOptions {
  readonly maxExemptionDays: number;
  readonly wait?: true;
}

/** Leaves the post-change check of remediated instances to the deployment, or waits for it, or says how to do it. */
export async function checkAfterChange(
  remediated: readonly Remediated[],
  options: PostChangeOptions,
  deployment: FoundDeployment,
  aws: Aws,
  io: Io,
): Promise<PostChange | undefined> {
  const [first] = remediated;
  if (first === undefined) return undefined;
  const checks = remediated.map(({ region, instanceId, at }) => ({
    account: 'problem' in deployment ? '' : deployment.account,
    region,
    instanceId,
    remediatedAt: at,
    checksDone: 0,
  }));
  const scheduled = await schedule(checks, deployment, aws);
  if (scheduled.problem === undefined) {
    io.out(`Post-change check: scheduled in ${scheduled.scheduledIn}, which notifies about rejected IMDSv1 calls`);
  } else {
    io.out(`No post-change check is scheduled: ${scheduled.problem}`);
    const command = `imdsv2 explain ${first.instanceId} --region ${first.region}`;
    if (!options.wait) io.out(`  In ${WAIT_MINUTES} minutes, look for rejected calls: ${command}; or use --wait`);
  }
  if (!options.wait || io.interrupted.aborted) return scheduled;
  return { ...scheduled, ...(await waitForRejections(checks, options, aws, io)) };
}

/** Puts the checks on their queue in the deployment. */
async function schedule(
  checks: readonly PostChangeCheck[],
  deployment: FoundDeployment,
  aws: Aws,
): Promise<PostChange> {
  if ('problem' in deployment) return { problem: deployment.problem };
  const { stackName, region, output } = deployment;
  try {
    const queue = sqsWorkQueue(new SQSClient(aws.config(region)), {
      workQueueUrl: output('WorkQueueUrl'),
      checkQueueUrl: output('CheckQueueUrl'),
    });
    await queue.putChecks(checks);
    return { scheduledIn: `${stackName} in ${region}` };
  } catch (error) {
    return { problem: explainError(error) };
  }
}

/** Waits until metrics have arrived, and prints which instances have rejected calls. */
async function waitForRejections(
  checks: readonly PostChangeCheck[],
  options: PostChangeOptions,
  aws: Aws,
  io: Io,
): Promise<Pick<PostChange, 'affected' | 'unreadRegions'>> {
  io.progress(`Waiting ${WAIT_MINUTES} minutes for rejected calls; Ctrl-C ends the wait`);
  await io.sleep(WAIT_MINUTES * 60_000);
  io.progress('');
  const affected: string[] = [];
  const reEnabled: string[] = [];
  const unread = new Set<string>();
  for (const [region, ofRegion] of groupBy(checks, (check) => check.region)) {
    await runPostChangeChecks(ofRegion, options, {
      reader: ec2Reader(aws.ec2),
      usage: usageReader(aws),
      queue: {
        putChecks: () => Promise.resolve(),
        putFindings: (findings) => Promise.resolve(void reEnabled.push(...findings.map((f) => f.detail.instanceId))),
      },
      bus: {
        put: (events) => {
          for (const { detail } of events) {
            if (detail.schema !== WORKLOAD_IMPACT_SCHEMA) continue;
            affected.push(...detail.instances.map(({ instanceId }) => instanceId));
            io.out(renderWorkloadImpact(detail).email);
          }
          return Promise.resolve([]);
        },
      },
      telemetry: {
        rejected: () => undefined,
        warning: (_, error) => {
          unread.add(region);
          io.note(`${region}: rejected IMDSv1 calls could not be read: ${explainError(error)}`);
        },
      },
      time: aws.time(region),
    });
  }
  const read = checks.filter(({ region }) => !unread.has(region)).length;
  if (read > 0 && affected.length === 0) io.out(`No IMDSv1 call was rejected on ${instancesOf(read)} so far`);
  if (read < checks.length) io.out(`Whether calls were rejected on ${instancesOf(checks.length - read)} is unknown`);
  if (reEnabled.length > 0) io.out(`IMDSv1 was re-enabled: ${reEnabled.join(', ')}`);
  return unread.size > 0 ? { affected, unreadRegions: [...unread] } : { affected };
}
