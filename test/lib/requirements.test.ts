import { type App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Settings } from '../../lib/settings.ts';
import { deploymentOf, resources, stackOf, statements, templateOf } from './synth.ts';

const BOUNDARY = 'arn:aws:iam::111122223333:policy/security/boundary';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-0000-0000-0000-000000000000';
const ALL: Partial<Settings> = {
  permissionsBoundary: BOUNDARY,
  rolePath: '/security/',
  logKmsKeyArn: KEY,
  tags: { team: 'security', 'cost-center': '42' },
};

type Role = Readonly<Record<'PermissionsBoundary' | 'Path', unknown>>;

/** The templates of a deployment in two Regions. */
function templates(settings: Partial<Settings> = ALL): readonly Template[] {
  const { home, forwarders } = deploymentOf(['eu-west-1', 'us-east-1'], settings);
  return [home, ...forwarders].map((stack) => Template.fromStack(stack));
}

test('every role of every Region has the permissions boundary and the path', () => {
  for (const template of templates()) {
    const roles = Object.values(resources<Role>(template, 'AWS::IAM::Role'));
    expect(roles.length).toBeGreaterThan(0);
    for (const role of roles) expect(role).toMatchObject({ PermissionsBoundary: BOUNDARY, Path: '/security/' });
  }
});

test('a permissions boundary may be the name of a policy of the account', () => {
  const [home] = templates({ permissionsBoundary: 'security/boundary' });
  for (const { PermissionsBoundary } of Object.values(resources<Role>(home ?? templateOf(), 'AWS::IAM::Role'))) {
    expect(JSON.stringify(PermissionsBoundary)).toMatch(/:policy\/security\/boundary/);
  }
});

test('the health checks may read roles of other Regions under their path', () => {
  const [home] = templates();
  const read = statements(home?.toJSON()).filter(({ Action }) => [Action].flat().includes('iam:GetRole'));
  expect(JSON.stringify(read)).toMatch(/role\/security\/\w+/);
});

test('every log group has the key', () => {
  const groups = Object.values(resources<{ KmsKeyId?: string }>(templateOf(ALL), 'AWS::Logs::LogGroup'));
  expect(groups.map(({ KmsKeyId }) => KmsKeyId)).toEqual([KEY, KEY, KEY]);
});

test.each([
  'AWS::SQS::Queue',
  'AWS::SNS::Topic',
  'AWS::Lambda::Function',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
])('every %s has the tags', (type) => {
  for (const template of templates()) {
    for (const { Tags } of Object.values(resources<{ Tags?: object[] }>(template, type))) {
      expect(Tags).toEqual(
        expect.arrayContaining([
          { Key: 'team', Value: 'security' },
          { Key: 'cost-center', Value: '42' },
        ]),
      );
    }
  }
});

test('without them, templates have none of it', () => {
  for (const template of templates({})) {
    const text = JSON.stringify(template.toJSON());
    expect(text).not.toContain('PermissionsBoundary');
    expect(Object.values(resources<Role>(template, 'AWS::IAM::Role')).flatMap(({ Path }) => Path ?? [])).toEqual([]);
    expect(text).not.toContain('KmsKeyId');
    expect(text).not.toMatch(/"Tags"/);
  }
});

test('the dashboard can be left out', () => {
  expect(Object.keys(resources(templateOf(), 'AWS::CloudWatch::Dashboard'))).toHaveLength(1);
  expect(Object.keys(resources(templateOf({ dashboard: 'off' }), 'AWS::CloudWatch::Dashboard'))).toEqual([]);
});

test('cdk-nag finds nothing', () => {
  const stack = stackOf({ ...ALL, dashboard: 'off' }, { account: '111122223333', region: 'eu-west-1' });
  (stack.node.root as App).synth();
  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});
