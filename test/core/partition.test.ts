import { consoleLink, instanceArn, partitionOf } from '../../lambda/core/partition.ts';

test.each([
  ['eu-west-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eusc-de-east-1', 'aws-eusc'],
])('partitionOf(%s) is %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
});

test.each([
  ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-1'],
  ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId=i-1'],
  [
    'us-gov-west-1',
    'https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#InstanceDetails:instanceId=i-1',
  ],
  ['us-iso-east-1', undefined],
])('consoleLink() in %s is %s', (region, link) => {
  expect(consoleLink(region, 'i-1')).toBe(link);
});

test('instanceArn() has the partition of the region', () => {
  expect(instanceArn('111122223333', 'cn-north-1', 'i-1')).toBe('arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-1');
});
