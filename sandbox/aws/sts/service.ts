import { principal } from '../cloudtrail/identity.ts';
import { ApiError } from '../wire/errors.ts';
import type { Service } from '../wire/gateway.ts';

/** The STS API: GetCallerIdentity. */
export const sts: Service = {
  handle({ action, caller: { arn } }) {
    if (action !== 'GetCallerIdentity') throw new ApiError('InvalidAction', `The local AWS has no sts:${action}`);
    const [kind, name = '', session = ''] = (arn.split(':')[5] ?? '').split('/');
    const UserId = kind === 'assumed-role' ? `${principal('AROA', name)}:${session}` : principal('AIDA', arn);
    return { UserId, Account: arn.split(':')[4], Arn: arn };
  },
};
