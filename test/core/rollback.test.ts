import { ALLOWANCE, type AccountDefaults, isReachable, type Obstacle, obstacleTo } from '../../lambda/core/rollback.ts';
import { IMDSV1, snapshot, type SnapshotChange } from '../support/builders.ts';

const CLOSED = { HttpTokens: 'required' };
const ENFORCED = { HttpTokensEnforced: 'enabled', ManagedBy: 'account' };
const POLICY = { HttpTokensEnforced: 'enabled', ManagedBy: 'declarative-policy' };

describe('what keeps IMDSv1 from being allowed again', () => {
  test.each<[string, SnapshotChange, AccountDefaults, Obstacle | undefined]>([
    ['nothing', { options: CLOSED }, {}, undefined],
    ['nothing, where the account has no opinion', { options: CLOSED }, { HttpTokensEnforced: 'disabled' }, undefined],
    ['a default for launches does not', { options: CLOSED }, { HttpTokens: 'required' }, undefined],
    ['nor one that the organization set', { options: CLOSED }, { ManagedBy: 'declarative-policy' }, undefined],
    ['a stopped instance is fine', { state: 'stopped', options: CLOSED }, {}, undefined],
    ['enforcement', { options: CLOSED }, ENFORCED, 'enforced'],
    ['enforcement by the organization', { options: CLOSED }, POLICY, 'enforced-by-policy'],
    ['enforcement does not reach what is open already', {}, ENFORCED, undefined],
    ['it is going', { state: 'shutting-down', options: CLOSED }, {}, 'terminated'],
    ['it is gone', { state: 'terminated', awsManaged: true }, ENFORCED, 'terminated'],
    ['an AWS service', { awsManaged: true, options: { HttpEndpoint: 'disabled' } }, ENFORCED, 'aws-managed'],
    ['IMDS is off', { options: { ...CLOSED, HttpEndpoint: 'disabled' } }, ENFORCED, 'endpoint-disabled'],
    ['IMDS is off, tokens optional', { options: { HttpEndpoint: 'disabled' } }, {}, 'endpoint-disabled'],
    ['no endpoint stated', { options: { ...CLOSED, HttpEndpoint: undefined } }, {}, 'unreadable'],
    ['an endpoint of an unknown kind', { options: { ...CLOSED, HttpEndpoint: 'limited' } }, {}, 'unreadable'],
    ['no tokens stated', { options: { HttpTokens: undefined } }, ENFORCED, 'unreadable'],
    ['tokens of an unknown kind', { options: { HttpTokens: 'preferred' } }, {}, 'unreadable'],
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
])('with %j IMDSv1 answers: %s', (over, answers) => {
  expect(isReachable({ ...IMDSV1, ...over })).toBe(answers);
});

test('the change is of the tokens alone, for the endpoint is enabled already', () => {
  expect(ALLOWANCE).toEqual({ HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  expect(obstacleTo(snapshot({ options: { ...CLOSED, HttpEndpoint: 'disabled' } }), {})).toBeDefined();
});
