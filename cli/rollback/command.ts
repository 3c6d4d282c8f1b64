import { ec2RollbackWriter, ec2ExemptionWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import {
  checkRollback,
  type RollbackCheck,
  type RollbackRequest,
  type RollbackResult,
  rollback as rollBack,
} from '../../lambda/app/rollback.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { clean } from '../../lambda/core/text.ts';
import { rollback as rollbackTraits } from '../../lambda/triggers/command.ts';
import { NOT_VISIBLE } from '../audit/read.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../common/aws.ts';
import { type Command, UsageError } from '../common/command.ts';
import { deploymentOrProblem, notifyDeployment } from '../common/deployment-events.ts';
import { explainError } from '../common/errors.ts';
import {
  confirmed,
  MAX_EXEMPTION_OPTION,
  instanceIdOf,
  JSON_OPTION,
  STACK_OPTION,
  YES_OPTION,
} from '../common/options.ts';
import { TIMEOUT } from '../exempt/command.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from '../exempt/period.ts';

type RollbackOptions = AwsOptions &
  Omit<GrantOptions, 'until'> & { readonly stack: string; readonly yes?: true; readonly json?: true };

export const rollback: Command<RollbackOptions> = {
  name: 'rollback',
  summary: 'Enable IMDSv1 on an instance again, with a dated exemption',
  details: `Sets the exemption first, so that the deployed function does not remediate the instance, then HttpTokens=optional. Changes nothing else. When the exemption expires, the instance is remediated or reported. A deployment sends an alert about it.

Checks first whether EC2 would refuse the change, and if so changes nothing.`,
  permissions:
    'ec2:DescribeInstances, ec2:CreateTags, ec2:ModifyInstanceMetadataOptions; optional: ec2:GetInstanceMetadataDefaults to see whether HttpTokensEnforced prevents the rollback, cloudformation:DescribeStacks and events:PutEvents for the alert of the deployment',
  args: [{ name: '<id>', description: 'instance id' }],
  options: [...AWS_OPTIONS, FOR_OPTION, REASON_OPTION, MAX_EXEMPTION_OPTION, STACK_OPTION, YES_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 rollback i-0a1b2c3d4e5f60718 --for 14d --reason "agent X"', 'for two weeks'],
    [
      'imdsv2 rollback i-0a1b2c3d4e5f60718 --for 2026-12-31 --reason "agent X" --yes',
      'until a date, without confirmation',
    ],
  ],
  run: async ([id = ''], options, io) => {
    const instanceId = instanceIdOf(id);
    const { until, reason } = grantOf(options, io.now());
    const aws = new Aws(options, io);
    const region = await aws.home();
    const ports = {
      reader: ec2Reader(aws.ec2),
      writer: ec2RollbackWriter(aws.ec2),
      exemptions: ec2ExemptionWriter(aws.ec2),
      time: aws.time(region, TIMEOUT),
    };
    const check = await checkRollback({ region, instanceId }, ports);
    if (!check.possible) throw new UsageError(`${refusal(instanceId, region, check)}; nothing was changed`);
    if (check.unreadDefaults !== undefined) {
      const problem = explainError(check.unreadDefaults);
      io.note(`Whether HttpTokensEnforced prevents the rollback is ${NOT_VISIBLE}: ${problem}`);
    }
    const enable = isImdsv1Enabled(check.snapshot.options) ? '' : ', then enable IMDSv1';
    if (!(await confirmed(`Exempt ${instanceId} in ${region} until ${until}${enable}?`, options, io))) return 1;

    const request = { region, instanceId, until, reason };
    const result = await rollBack(request, check.snapshot, { ...ports, time: aws.time(region, 2 * TIMEOUT) });
    const exempt = `${instanceId} is exempt until ${until}`;
    const undo = `imdsv2 exempt revoke ${instanceId} --region ${region}`;
    if (result.status === 'partial') {
      const { status, failure } = result;
      const detail = explainError(failure);
      if (options.json) io.verbatim(JSON.stringify({ ...request, status, reason: failure.kind, detail }));
      io.note(`imdsv2: the rollback is incomplete: ${detail}`);
      io.note(`  done:      ${exempt}`);
      io.note('  not done:  IMDSv1 is not enabled; run the same command again to continue');
      io.note(`  to undo:   ${undo}`);
      return 1;
    }
    const outcome = outcomeOf(request, check.snapshot, result, io.now());
    await notifyDeployment([outcome], await deploymentOrProblem(options.stack, aws), aws, io);
    if (options.json) io.verbatim(JSON.stringify({ ...request, ...result }));
    else {
      const enabled = result.status === 'allowed' ? ', and IMDSv1 is enabled again' : '; IMDSv1 was already enabled';
      io.out(exempt + enabled);
      io.out(`To undo: ${undo}`);
    }
    return 0;
  },
};

/** The outcome that the deployment notifies about. */
function outcomeOf(
  { region, instanceId, until, reason }: RollbackRequest,
  before: Snapshot,
  result: RollbackResult,
  now: Date,
): Outcome {
  const tags = new Map([...before.tags, [TAG.exemptUntil, until], [TAG.exemptReason, reason]]);
  return {
    target: {
      account: '',
      region,
      instanceId,
      context: { trigger: rollbackTraits, eventId: 'imdsv2 rollback', occurredAt: now },
    },
    snapshot: { ...before, tags },
    status: 'exempt',
    reason: 'exempt',
    detail: until,
    at: now,
    after: result.status === 'allowed' ? result.after : undefined,
  };
}

/** Why the rollback is not possible. */
function refusal(instanceId: string, region: string, check: Extract<RollbackCheck, { possible: false }>): string {
  const { obstacle, defaults } = check;
  switch (obstacle) {
    case 'gone':
      return `instance ${instanceId} not found in ${region}`;
    case 'terminated':
      return `${instanceId} is terminated`;
    case 'aws-managed':
      return `${instanceId} is managed by an AWS service: only that service can modify it`;
    case 'endpoint-disabled':
      return `IMDS is disabled on ${instanceId}, and the rollback would enable it`;
    case 'unreadable':
      return `the metadata options of ${instanceId} have unknown values`;
    case 'enforced':
      return `EC2 would refuse: HttpTokensEnforced is enabled for the account in ${region} (aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens-enforced disabled turns it off for the whole Region)`;
    case 'enforced-by-policy': {
      const message = clean(defaults.ManagedExceptionMessage ?? '');
      return `EC2 would refuse: a declarative policy of the organization enables HttpTokensEnforced in ${region}, and it cannot be changed in the account${message && ` (its message: ${message})`}`;
    }
  }
}
