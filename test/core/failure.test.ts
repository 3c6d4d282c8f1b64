import { FAILURE_KINDS, FailureError, isRetryable } from '../../lambda/core/failure.ts';

test('isRetryable() is true for temporary and unknown failures only', () => {
  expect(Object.fromEntries(FAILURE_KINDS.map((kind) => [kind, isRetryable(kind)]))).toEqual({
    'not-visible': true,
    'not-ready': true,
    throttled: true,
    unavailable: true,
    deadline: true,
    unknown: true,
    denied: false,
    unsupported: false,
    'wrong-state': false,
    invalid: false,
  });
});

test('FailureError has a kind, a message and a cause', () => {
  const cause = new Error('socket hang up');
  const failure = new FailureError('unavailable', 'EC2 did not answer', { cause });
  expect(failure).toMatchObject({ name: 'FailureError', kind: 'unavailable', message: 'EC2 did not answer', cause });
});
