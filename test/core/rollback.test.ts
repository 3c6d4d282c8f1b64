import {
  ALLOWANCE,
  type AccountDefaults,
  isImdsv1Enabled,
  type Obstacle,
  obstacleTo,
} from '../../lambda/core/rollback.ts';
import { IMDSV1, snapshot, type SnapshotChange } from '../support/builders.ts';

const REQUIRED = { HttpTokens: 'required' };
const ENFORCED = { HttpTokensEnforced: 'enabled', ManagedBy: 'account' };
const POLICY = { HttpTokensEnforced: 'enabled', ManagedBy: 'declarative-policy' };

describe('obstacleTo()', () => {
  test.each<[string, SnapshotChange, AccountDefaults, Obstacle | undefined]>([
    ['is undefined by default', { options: REQUIRED }, {}, undefined],
    ['is undefined without enforcement', { options: REQUIRED }, { HttpTokensEnforced: 'disabled' }, undefined],
    ['ignores the default for launches', { options: REQUIRED }, { HttpTokens: 'required' }, undefined],
    [
      'ignores the default of a declarative policy',
      { options: REQUIRED },
      { ManagedBy: 'declarative-policy' },
      undefined,
    ],
    ['is undefined for a stopped instance', { state: 'stopped', options: REQUIRED }, {}, undefined],
    ['is the enforcement of the account', { options: REQUIRED }, ENFORCED, 'enforced'],
    ['is the enforcement of a declarative policy', { options: REQUIRED }, POLICY, 'enforced-by-policy'],
    ['ignores the enforcement if IMDSv1 is enabled', {}, ENFORCED, undefined],
    ['is the state shutting-down', { state: 'shutting-down', options: REQUIRED }, {}, 'terminated'],
    ['is the state terminated', { state: 'terminated', awsManaged: true }, ENFORCED, 'terminated'],
    [
      'is the AWS service that operates the instance',
      { awsManaged: true, options: { HttpEndpoint: 'disabled' } },
      ENFORCED,
      'aws-managed',
    ],
    ['is disabled IMDS', { options: { ...REQUIRED, HttpEndpoint: 'disabled' } }, ENFORCED, 'endpoint-disabled'],
    ['is disabled IMDS with optional tokens', { options: { HttpEndpoint: 'disabled' } }, {}, 'endpoint-disabled'],
    ['is a missing endpoint', { options: { ...REQUIRED, HttpEndpoint: undefined } }, {}, 'unreadable'],
    ['is an unknown value of the endpoint', { options: { ...REQUIRED, HttpEndpoint: 'limited' } }, {}, 'unreadable'],
    ['is a missing value of tokens', { options: { HttpTokens: undefined } }, ENFORCED, 'unreadable'],
    ['is an unknown value of tokens', { options: { HttpTokens: 'preferred' } }, {}, 'unreadable'],
  ])('%s', (_, given, defaults, obstacle) => {
    expect(obstacleTo(snapshot(given), defaults)).toBe(obstacle);
  });
});

test.each([
  [{}, true],
  [{ HttpTokens: 'required' }, false],
  [{ HttpEndpoint: 'disabled' }, false],
  [{ HttpTokens: undefined }, false],
  [{ HttpEndpoint: undefined }, false],
])('isImdsv1Enabled() with %j is %s', (over, enabled) => {
  expect(isImdsv1Enabled({ ...IMDSV1, ...over })).toBe(enabled);
});

test('ALLOWANCE changes the tokens only, because the endpoint is enabled already', () => {
  expect(ALLOWANCE).toEqual({ HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  expect(obstacleTo(snapshot({ options: { ...REQUIRED, HttpEndpoint: 'disabled' } }), {})).toBeDefined();
});
