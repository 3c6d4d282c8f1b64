import type { Caller } from '../simulation/callers.ts';
import { hexOf } from '../simulation/ids.ts';

/**
 * The `userIdentity` of a CloudTrail record.
 *
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function userIdentityOf({ arn, invokedBy }: Caller, accessKeyId: string, time: string): Record<string, unknown> {
  const [, , , accountId = '', ...resource] = arn.split(':').slice(1);
  const [kind = '', name = '', session = ''] = resource.join(':').split('/');
  const service = invokedBy === undefined ? { accessKeyId } : { invokedBy };
  if (kind === 'root') return { type: 'Root', principalId: accountId, arn, accountId, ...service };
  if (kind !== 'assumed-role') {
    return {
      type: 'IAMUser',
      principalId: principal('AIDA', arn),
      arn,
      accountId,
      ...service,
      userName: resourceName(arn),
    };
  }
  const roleId = principal('AROA', name);
  const path = name.startsWith('AWSServiceRoleFor') ? `aws-service-role/${invokedBy ?? ''}/` : '';
  return {
    type: 'AssumedRole',
    principalId: `${roleId}:${session}`,
    arn,
    accountId,
    ...service,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: roleId,
        arn: `arn:aws:iam::${accountId}:role/${path}${name}`,
        accountId,
        userName: name,
      },
      attributes: { creationDate: time, mfaAuthenticated: 'false' },
    },
  };
}

/** The unique id of a principal, as in STS and CloudTrail. */
export const principal = (prefix: 'AIDA' | 'AROA', name: string): string => prefix + hexOf(17, name).toUpperCase();

const resourceName = (arn: string): string => arn.split('/').at(-1) ?? '';
