import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { describeLaunchSource, iso } from '../../lambda/core/show.ts';

const shown = (tags: Readonly<Record<string, string>>): string =>
  describeLaunchSource(launchSourceOf(new Map(Object.entries(tags))));

test.each([
  ['2026-11-22T12:00:00.000Z', '2026-11-22T12:00:00Z'],
  ['2026-11-22T12:00:00.999Z', '2026-11-22T12:00:00Z'],
])('%s is shown to the second', (time, seconds) => {
  expect(iso(new Date(time))).toBe(seconds);
});

test('every kind of launchSource is named, as harmless text', () => {
  const tags = {
    'aws:ec2:fleet-id': 'fleet-0a1b2c3d',
    'aws:ec2launchtemplate:id': 'lt-0a1b2c3d',
    'aws:cloudformation:stack-name': 'shop',
    'aws:cloudformation:logical-id': 'WebServer',
    'eks:cluster-name': 'https://evil.example',
    'eks:nodegroup-name': 'blue',
    'elasticbeanstalk:environment-name': 'shop-env',
  };
  expect(shown(tags)).toBe(
    'launch template lt-0a1b2c3d version ?, fleet fleet-0a1b2c3d, CloudFormation stack shop (WebServer), EKS cluster https[:]//evil[.]example, node group blue, Beanstalk environment shop-env',
  );
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ['a stack without the resource', { 'aws:cloudformation:stack-name': 'shop' }, 'CloudFormation stack shop'],
  ['a cluster without the node group', { 'eks:cluster-name': 'prod' }, 'EKS cluster prod'],
  [
    'tags without a value, which name nothing',
    { 'aws:autoscaling:groupName': '', 'aws:ec2:fleet-id': 'fleet-0a1b2c3d' },
    'fleet fleet-0a1b2c3d',
  ],
])('an launchSource of %s is named as far as it is known', (_, tags, launchSource) => {
  expect(shown(tags)).toBe(launchSource);
});

test('no tag of a service → says so', () => {
  expect([shown({}), shown({ Name: 'web' })]).toEqual(Array(2).fill('no tag of a launching service'));
});
