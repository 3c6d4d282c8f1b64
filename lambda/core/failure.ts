/** Why a call to AWS failed. Adapters map the error codes of AWS to these kinds. */
export const FAILURE_KINDS = [
  'not-visible',
  'not-ready',
  'throttled',
  'unavailable',
  'deadline',
  'denied',
  'unsupported',
  'wrong-state',
  'invalid',
  'unknown',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** The error that ports throw. Its message may contain text of AWS: untrusted input. */
export class FailureError extends Error {
  public override readonly name = 'FailureError';

  public constructor(
    public readonly kind: FailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether a later retry can succeed. It can for unknown errors: no work is dropped on a guess. */
export function isRetryable(kind: FailureKind): boolean {
  switch (kind) {
    case 'not-visible':
    case 'not-ready':
    case 'throttled':
    case 'unavailable':
    case 'deadline':
    case 'unknown':
      return true;
    case 'denied':
    case 'unsupported':
    case 'wrong-state':
    case 'invalid':
      return false;
  }
}
