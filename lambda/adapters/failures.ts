import pMap from 'p-map';
import { FailureError, type FailureKind } from '../core/failure.ts';

/**
 * Kinds of failure by AWS error name, as in the SDK's `error.name`. Note the upper-case `ID` in `InvalidInstanceID`.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const KINDS: Readonly<Record<string, FailureKind>> = {
  'InvalidInstanceID.NotFound': 'not-visible',
  'InvalidInstanceID.Malformed': 'invalid',
  'InvalidLaunchTemplateId.NotFound': 'not-visible',
  'InvalidLaunchTemplateId.VersionNotFound': 'not-visible',
  InvalidParameterCombination: 'invalid',
  InvalidParameterCombinationException: 'invalid',
  InvalidParameterValue: 'invalid',
  InvalidParameterValueException: 'invalid',
  MissingParameter: 'invalid',
  ValidationError: 'invalid',
  IncorrectInstanceState: 'wrong-state',
  IncorrectState: 'wrong-state',
  InvalidInstanceState: 'wrong-state',
  OperationNotPermitted: 'unsupported',
  UnsupportedOperation: 'unsupported',
  RequestLimitExceeded: 'throttled',
  RequestThrottled: 'throttled',
  Throttled: 'throttled',
  ThrottledException: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  AuthFailure: 'denied',
  AuthorizationError: 'denied',
  AuthorizationErrorException: 'denied',
  UnauthorizedOperation: 'denied',
};

/** Awaits an SDK call and turns any error into a `FailureError`. */
export async function failing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toFailure(error);
  }
}

/**
 * Makes a call for each batch, some at the same time.
 *
 * @param call returns the items that were refused.
 * @returns the items that were refused, or whose call failed.
 * @throws FailureError if every call failed.
 */
export async function refusedOf<T>(
  batches: readonly (readonly T[])[],
  call: (batch: readonly T[]) => Promise<readonly T[]>,
  concurrency: number,
): Promise<readonly T[]> {
  const failures: FailureError[] = [];
  const refused = await pMap(
    batches,
    async (batch) => {
      try {
        return await call(batch);
      } catch (error) {
        if (!(error instanceof FailureError)) throw error;
        failures.push(error);
        return batch;
      }
    },
    { concurrency },
  );
  const [failure] = failures;
  if (failure !== undefined && failures.length === batches.length) throw failure;
  return refused.flat();
}

/** Classifies an error of an SDK call. */
export function toFailure(error: unknown): FailureError {
  if (!(error instanceof Error)) return new FailureError('unknown', String(error));
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const kind = Object.hasOwn(KINDS, error.name) ? KINDS[error.name] : undefined;
  const text = `${error.name}: ${error.message}`;
  return new FailureError(kind ?? (isUnavailable(error, status) ? 'unavailable' : 'unknown'), text, { cause: error });
}

/** Server faults and calls without a response. SDK time-outs and connection errors of Node.js carry no status. */
function isUnavailable(error: Error, status: number | undefined): boolean {
  if (status !== undefined && status >= 500) return true;
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'TimeoutError' || /^(E(CONN|PIPE|HOST|NET|AI_|TIMEDOUT|NOTFOUND)|UND_ERR)/.test(code ?? '');
}
