import { attempt } from '../../lambda/app/retry.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Aws } from './aws.ts';
import { explainError, isDenied } from './errors.ts';
import type { Io } from './io.ts';

/** The account id for the output; `undefined` if STS is not reachable or denied, as in some private networks. */
export async function accountOf(aws: Aws, io: Io): Promise<string | undefined> {
  const account = await attempt(() => aws.account());
  if (!(account instanceof FailureError)) return account;
  if (account.kind === 'unavailable') return undefined;
  if (!isDenied(account)) throw account;
  io.note(`imdsv2: account unknown: ${explainError(account)}`);
  return undefined;
}
