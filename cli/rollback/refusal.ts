import type { RollbackCheck } from '../../lambda/app/rollback.ts';
import { clean } from '../../lambda/core/text.ts';

/** Why the rollback of an instance is not possible. */
export function refusal(
  instanceId: string,
  region: string,
  check: Extract<RollbackCheck, { possible: false }>,
): string {
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
      return `EC2 would refuse it on ${instanceId}: HttpTokensEnforced is enabled for the account in ${region}; this turns it off for the whole Region: aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens-enforced disabled`;
    case 'enforced-by-policy': {
      const message = clean(defaults.ManagedExceptionMessage ?? '');
      return `EC2 would refuse it on ${instanceId}: a declarative policy of the organization enables HttpTokensEnforced in ${region}, and it cannot be changed in the account${message && ` (its message: ${message})`}`;
    }
  }
}
