import { launchSourceOf } from '../../../lambda/core/launch-source.ts';
import { describeLaunchSource, launchSourceLabel } from '../../../lambda/core/words/launch-source.ts';

const describeTags = (tags: Readonly<Record<string, string>>): string =>
  describeLaunchSource(launchSourceOf(new Map(Object.entries(tags))));

describe('describeLaunchSource()', () => {
  test('names every part, without links', () => {
    const tags = {
      'aws:ec2:fleet-id': 'fleet-0a1b2c3d',
      'aws:ec2launchtemplate:id': 'lt-0a1b2c3d',
      'aws:cloudformation:stack-name': 'shop',
      'aws:cloudformation:logical-id': 'WebServer',
      'eks:cluster-name': 'https://evil.example',
      'eks:nodegroup-name': 'blue',
      'elasticbeanstalk:environment-name': 'shop-env',
    };
    expect(describeTags(tags)).toBe(
      'launch template lt-0a1b2c3d version ?, fleet fleet-0a1b2c3d, CloudFormation stack shop (WebServer), EKS cluster https[:]//evil[.]example, node group blue, Beanstalk environment shop-env (by tags that users can set)',
    );
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['a stack without the resource', { 'aws:cloudformation:stack-name': 'shop' }, 'CloudFormation stack shop'],
    ['a cluster without the node group', { 'eks:cluster-name': 'prod' }, 'EKS cluster prod'],
    [
      'only tags that have a value',
      { 'aws:autoscaling:groupName': '', 'aws:ec2:fleet-id': 'fleet-0a1b2c3d' },
      'fleet fleet-0a1b2c3d',
    ],
  ])('names %s', (_, tags, launchSource) => {
    expect(describeTags(tags)).toBe(launchSource);
  });

  test('says that the instance was launched directly if no service set a tag', () => {
    expect([describeTags({}), describeTags({ Name: 'web' })]).toEqual(
      Array(2).fill('launched directly (no tag names a launch source)'),
    );
  });
});

test('launchSourceLabel() shows the name if there is one', () => {
  expect(launchSourceLabel({ kind: 'auto-scaling-group', name: 'web' })).toBe('Auto Scaling group web');
  expect(launchSourceLabel({ kind: 'none', name: '' })).toBe('No launch source tag');
});
