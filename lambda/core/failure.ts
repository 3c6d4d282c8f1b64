/** Why something could not be done to an instance. A closed list: only adapters know the names AWS uses. */
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

/** Thrown by ports. `message` is for people, and may hold text that AWS wrote. */
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

/**
 * Whether trying the whole thing again later can help, so that it is worth a retry and in the end the dead-letter queue. An
 * error we do not know counts as one that can pass: nothing is given up on a guess.
 */
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
