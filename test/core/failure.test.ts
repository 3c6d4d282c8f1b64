import { FAILURE_KINDS, FailureError, isRetryable } from '../../lambda/core/failure.ts';

test('what may pass is tried again; what will be refused again is not', () => {
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

test('a failure carries its kind, its words and its cause', () => {
  const cause = new Error('socket hang up');
  const failure = new FailureError('unavailable', 'EC2 did not answer', { cause });
  expect(failure).toMatchObject({ name: 'FailureError', kind: 'unavailable', message: 'EC2 did not answer', cause });
});
