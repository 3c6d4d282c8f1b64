import { isContainerHost, launchSourceOf } from '../../lambda/core/launch-source.ts';

test('launchSourceOf() reads the tags of AWS services', () => {
  const tags = new Map([
    ['Name', 'web'],
    ['aws:autoscaling:groupName', 'web-asg'],
    ['aws:ec2launchtemplate:id', 'lt-0a1b2c3d4e5f60718'],
    ['aws:ec2launchtemplate:version', '7'],
    ['aws:ec2:fleet-id', 'fleet-0a1b2c3d'],
    ['aws:cloudformation:stack-name', 'shop'],
    ['aws:cloudformation:stack-id', 'arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1'],
    ['aws:cloudformation:logical-id', 'WebServer'],
    ['eks:cluster-name', 'prod'],
    ['eks:nodegroup-name', 'blue'],
    ['elasticbeanstalk:environment-name', 'shop-env'],
    ['elasticbeanstalk:environment-id', 'e-abcdefghij'],
  ]);
  expect(launchSourceOf(tags)).toEqual({
    autoScalingGroup: 'web-asg',
    launchTemplateId: 'lt-0a1b2c3d4e5f60718',
    launchTemplateVersion: '7',
    fleetId: 'fleet-0a1b2c3d',
    stackName: 'shop',
    stackLogicalId: 'WebServer',
    eksCluster: 'prod',
    eksNodegroup: 'blue',
    beanstalkEnvironment: 'shop-env',
    beanstalkEnvironmentId: 'e-abcdefghij',
  });
});

test('launchSourceOf() is empty without such tags, and inherits nothing', () => {
  expect(launchSourceOf(new Map())).toStrictEqual({});
  expect(
    launchSourceOf(
      new Map([
        ['Name', 'web'],
        ['constructor', 'x'],
      ]),
    ),
  ).toStrictEqual({});
});

test.each([
  ['eks:cluster-name', true],
  ['aws:eks:cluster-name', true],
  ['kubernetes.io/cluster/prod', true],
  ['karpenter.sh/nodepool', true],
  ['AmazonECSManaged', true],
  ['aws:ecs:clusterName', true],
  ['eks:cluster-name-of-another', false],
  ['aws:eks:cluster-name-of-another', false],
  ['my-eks:cluster-name', false],
  ['kubernetesXio/cluster/prod', false],
  ['kubernetes.io/role/node', false],
  ['AmazonECSManagedBy', false],
  ['Name', false],
])('isContainerHost() with the tag %s is %s', (key, containers) => {
  expect(
    isContainerHost(
      new Map([
        ['Name', 'node'],
        [key, ''],
      ]),
    ),
  ).toBe(containers);
});

test('isContainerHost() is false without tags', () => {
  expect(isContainerHost(new Map())).toBe(false);
});
