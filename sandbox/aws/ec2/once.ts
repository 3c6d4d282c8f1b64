import { ApiError } from '../wire/errors.ts';
import { type Params, text } from '../wire/params.ts';
import type { Action } from './context.ts';

/** The parameters of a call, to recognize a retry with the same client token. */
export const fingerprint = (params: Params): string =>
  JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * An action that a retry with the same client token does not carry out again.
 *
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
export const once =
  (action: Action): Action =>
  (call, region, context) => {
    const token = text(call.params, 'ClientToken');
    const key = `${call.action} ${token ?? ''}`;
    const earlier = token === undefined ? undefined : region.answers.get(key);
    if (earlier === undefined) {
      const answer = action(call, region, context);
      if (token !== undefined) region.answers.set(key, { answer, fingerprint: fingerprint(call.params) });
      return answer;
    }
    if (earlier.fingerprint === fingerprint(call.params)) return earlier.answer;
    throw new ApiError('IdempotentParameterMismatch', 'Another request was made with this client token');
  };
