import { ec2AllowingWriter, ec2ExemptionWriter } from '../../lambda/adapters/ec2-by-hand.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { foresee, type Prospect, rollback as rollBack, type RollbackResult } from '../../lambda/app/rollback.ts';
import { isReachable } from '../../lambda/core/rollback.ts';
import { clean } from '../../lambda/core/text.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import { type Command, UsageError } from '../shared/command.ts';
import { confirmed } from '../shared/confirm.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { MAX_EXEMPTION_OPTION, instanceIdOf, JSON_OPTION, YES_OPTION } from '../shared/options.ts';
import { PATIENCE } from '../exempt/instances.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from '../exempt/period.ts';

type RollbackOptions = AwsOptions & Omit<GrantOptions, 'until'> & { readonly yes?: true; readonly json?: true };

/** The backout plan. */
export const rollback: Command<RollbackOptions> = {
  name: 'rollback',
  summary: 'allows IMDSv1 on an instance again, with a dated exemption',
  details: `Writes the exemption first, so that the deployed function leaves the instance alone, and then makes tokens optional. Nothing else is changed. When the exemption ends, the instance is closed again or reported.

It finds out beforehand whether EC2 would refuse, and changes nothing then.`,
  args: [{ name: '<id>', description: 'the instance' }],
  options: [...AWS_OPTIONS, FOR_OPTION, REASON_OPTION, MAX_EXEMPTION_OPTION, YES_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 rollback i-0a1b2c3d4e5f60718 --for 14d --reason "agent X"', 'for two weeks'],
    [
      'imdsv2 rollback i-0a1b2c3d4e5f60718 --for 2026-12-31 --reason "agent X" --yes',
      'until a day, without a question',
    ],
  ],
  run: async ([id = ''], options, io) => {
    const instanceId = instanceIdOf(id);
    const { until, reason } = grantOf(options, io.now());
    const aws = new Aws(options, io);
    const region = await aws.home();
    const ports = {
      reader: ec2Reader(aws.ec2),
      allowing: ec2AllowingWriter(aws.ec2),
      exemptions: ec2ExemptionWriter(aws.ec2),
      time: aws.time(region, PATIENCE),
    };
    const prospect = await foresee({ region, instanceId }, ports);
    if (!prospect.possible) throw new UsageError(`${refusal(instanceId, region, prospect)}; nothing was changed`);
    const reachable = isReachable(prospect.snapshot.options);
    const steps = [`exempt ${instanceId} in ${region} until ${until}`, ...(reachable ? [] : ['allow IMDSv1 on it'])];
    if (!(await confirmed(`${capital(steps.join(', then '))}?`, options, io))) return 1;

    const request = { region, instanceId, until, reason };
    const result = await rollBack(request, prospect.snapshot, { ...ports, time: aws.time(region, 2 * PATIENCE) });
    if (options.json) io.out(JSON.stringify({ ...request, ...toJson(result) }));
    else if (result.status === 'exempted') {
      io.out(`IMDSv1 was reachable on ${instanceId} already; it is exempt until ${until}`);
    } else if (result.status === 'allowed') {
      io.out(`${instanceId} is exempt until ${until}, and IMDSv1 is reachable on it again`);
    }
    if (result.status !== 'half') {
      if (!options.json) io.out(`To take it back: ${takeBack(instanceId, region)}`);
      return 0;
    }
    sayHalf(request, result, io);
    return 1;
  },
};

const takeBack = (instanceId: string, region: string): string =>
  `imdsv2 exempt revoke ${instanceId} --region ${region}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const toJson = (result: RollbackResult): object =>
  result.status === 'half'
    ? { status: result.status, reason: result.failure.kind, detail: explainError(result.failure) }
    : result;

function sayHalf(
  { region, instanceId, until }: { readonly region: string; readonly instanceId: string; readonly until: string },
  { failure }: Extract<RollbackResult, { status: 'half' }>,
  io: Io,
): void {
  io.note(`imdsv2: half of it was done (${explainError(failure)})`);
  io.note(`  done:      ${instanceId} is exempt until ${until}`);
  io.note('  not done:  IMDSv1 is still not allowed on it; the same command again goes on');
  io.note(`  take the exemption back:  ${takeBack(instanceId, region)}`);
}

/** Why it cannot work. */
function refusal(instanceId: string, region: string, prospect: Extract<Prospect, { possible: false }>): string {
  const { obstacle, defaults } = prospect;
  switch (obstacle) {
    case 'gone':
      return `EC2 shows no ${instanceId} in ${region}`;
    case 'terminated':
      return `${instanceId} is terminated`;
    case 'aws-managed':
      return `${instanceId} is operated by an AWS service: nobody else can change it`;
    case 'endpoint-disabled':
      return `IMDS is off on ${instanceId}: there is nothing to allow, and the change would switch it on`;
    case 'unreadable':
      return `EC2 does not state the metadata options of ${instanceId} in a form we know`;
    case 'enforced':
      return `EC2 would refuse: HttpTokensEnforced is enabled for the account in ${region} (aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens-enforced disabled lifts it for everybody)`;
    case 'enforced-by-policy': {
      const said = clean(defaults.ManagedExceptionMessage ?? '');
      return `EC2 would refuse: a declarative policy of the organization enables HttpTokensEnforced in ${region}, and it cannot be changed in the account${said && ` (it says: ${said})`}`;
    }
  }
}
