import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import { type Command, UsageError } from '../common/command.ts';
import { deploymentOrProblem, notifyDeployment } from '../common/deployment-events.ts';
import { explainError } from '../common/errors.ts';
import { findInstances, type FoundInstance } from '../common/find-instances.ts';
import { confirmed, JSON_OPTION, MAX_EXEMPTION_OPTION, STACK_OPTION, YES_OPTION } from '../common/options.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from '../exempt/period.ts';
import { checkAll, outcomeOf, rollBackAll, type RolledBack } from './run.ts';
import { isDone, show } from './show.ts';

type RollbackOptions = AwsOptions &
  Omit<GrantOptions, 'until'> & { readonly stack: string; readonly yes?: true; readonly json?: true };

export const rollback: Command<RollbackOptions> = {
  name: 'rollback',
  summary: 'Enable IMDSv1 on instances again, with a dated exemption',
  details: `Sets the exemption first, so that the deployed function does not remediate the instance, then HttpTokens=optional. Changes nothing else. When the exemption expires, the instance is remediated or reported. A deployment sends an alert about it.

Checks first whether EC2 would refuse the change of any of the instances, and if so changes none. Then rolls them back one after another; what becomes of each is printed.

Exit code 0: all instances were rolled back. 1: an error, or some were not.`,
  permissions:
    'ec2:DescribeInstances, ec2:CreateTags, ec2:ModifyInstanceMetadataOptions; ec2:DescribeRegions for --regions all; optional: ec2:GetInstanceMetadataDefaults to see whether HttpTokensEnforced prevents the rollback, cloudformation:DescribeStacks and events:PutEvents for the alert of the deployment',
  args: [{ name: '<ids...>', description: 'instance ids' }],
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    FOR_OPTION,
    REASON_OPTION,
    MAX_EXEMPTION_OPTION,
    STACK_OPTION,
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 rollback i-0a1b2c3d4e5f60718 --for 14d --reason "agent X"', 'for two weeks'],
    [
      'imdsv2 rollback i-0a1b2c3d4e5f60718 --for 2026-12-31 --reason "agent X" --yes',
      'until a date, without confirmation',
    ],
    ['imdsv2 rollback i-0a1b2c3d4e5f60718 --regions all --for 14d --reason "agent X"', 'in whatever Region it is'],
  ],
  run: async (args, options, io) => {
    const exemption = grantOf(options, io.now());
    const { until, reason } = exemption;
    const aws = new Aws(options, io);
    const found = await findInstances(args, aws, io, { effect: '; nothing was changed' });
    const { instances, refusals } = await checkAll(found, aws, io);
    if (refusals.length > 0 && found.length === 1) throw new UsageError(refusals.join(''));
    for (const problem of refusals) io.note(`imdsv2: ${problem}`);
    if (refusals.length > 0)
      throw new UsageError(`no rollback was begun, because ${refusals.length} of ${found.length} are not possible`);
    if (!(await confirmed(question(instances, until), options, io))) return 1;

    const results = await rollBackAll(instances, exemption, aws, io);
    if (options.json) io.verbatim(JSON.stringify({ until, reason, instances: results.map(toDocument) }));
    const text = options.json ? { ...io, out: () => undefined } : io;
    show(results, exemption, text);
    const outcomes = results.flatMap((one) => outcomeOf(one, exemption));
    if (outcomes.length > 0) await notifyDeployment(outcomes, await deploymentOrProblem(options.stack, aws), aws, io);
    return results.every(isDone) ? 0 : 1;
  },
};

function question(instances: readonly FoundInstance[], until: string): string {
  const labels = instances.map(({ region, snapshot }) => `${snapshot.instanceId} in ${region}`);
  const toEnable = instances.filter(({ snapshot }) => !isImdsv1Enabled(snapshot.options)).length;
  if (instances.length === 1)
    return `Exempt ${labels.join('')} until ${until}${toEnable > 0 ? ', then enable IMDSv1' : ''}?`;
  const enable = toEnable > 0 ? `, then enable IMDSv1 on ${instancesOf(toEnable)}` : '';
  return `Exempt ${instancesOf(instances.length)} (${labels.join(', ')}) until ${until}${enable}?`;
}

/** An instance in the JSON document. */
function toDocument({ region, snapshot: { instanceId }, result }: RolledBack): object {
  if (!('failure' in result)) return { region, instanceId, ...result };
  const { status, failure } = result;
  return { region, instanceId, status, reason: failure.kind, detail: explainError(failure) };
}
