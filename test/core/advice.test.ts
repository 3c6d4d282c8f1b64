import { findCaller, hopLimitNote, revocation, rollbackCommand, undo } from '../../lambda/core/advice.ts';
import { NOW, snapshot, type SnapshotChange, target } from '../support/builders.ts';

const instance = target();

describe('undo()', () => {
  test('sets the exemption before it re-enables IMDSv1, so that this is not reverted as drift', () => {
    expect(undo(instance, NOW, 90)).toEqual({
      text: 'Re-enables IMDSv1 and exempts the instance until 2026-12-06, so that it is not remediated again.',
      commands: [
        "aws ec2 create-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until,Value=2026-12-06 Key=imdsv2:exempt-reason,Value='...'",
        'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-tokens optional --http-endpoint enabled',
      ],
    });
  });

  test.each([
    [3650, '2026-12-06'],
    [14, '2026-12-06'],
    [13, '2026-12-05'],
    [1, '2026-11-23'],
  ])('exempts for at most 14 days and the maximum of %i days: until %s', (maxDays, until) => {
    expect(undo(instance, NOW, maxDays).commands[0]).toContain(`Key=imdsv2:exempt-until,Value=${until} `);
  });
});

test('rollbackCommand() names the instance, the days and a placeholder for the reason', () => {
  const line = (maxDays: number) => rollbackCommand('eu-west-1', 'i-0a1b2c3d4e5f60718', maxDays);
  expect(line(90)).toBe("imdsv2 rollback i-0a1b2c3d4e5f60718 --region eu-west-1 --for 14d --reason '...'");
  expect(line(7)).toContain(' --for 7d ');
});

test('revocation() names only the key of the tag, because a value would have to match', () => {
  expect(revocation(instance).commands).toEqual([
    'aws ec2 delete-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until',
  ]);
});

test('findCaller() is a CloudTrail lookup', () => {
  expect(findCaller(instance).text).toMatch(
    /^The event does not name the caller\. .* about 15 minutes after the call:$/,
  );
  expect(findCaller(instance).commands).toEqual([
    "aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-0a1b2c3d4e5f60718 --query 'Events[].[EventTime,EventName,Username]' --output table",
  ]);
});

describe('hopLimitNote()', () => {
  const container = { AmazonECSManaged: '' };
  test('shows how to raise the hop limit of 1 on a container host, and nothing else', () => {
    const note = hopLimitNote(instance, snapshot({ tags: container }));
    expect(note?.text).toMatch(
      /^Once IMDSv2 is required, containers on this host cannot reach IMDS, .* If they need IMDS:$/,
    );
    expect(note?.commands).toEqual([
      'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-put-response-hop-limit 2 --http-endpoint enabled',
    ]);
  });

  test.each<readonly [string, SnapshotChange]>([
    ['another host', {}],
    ['a hop limit of 2', { tags: container, options: { HttpPutResponseHopLimit: 2 } }],
    ['an unknown hop limit', { tags: container, options: { HttpPutResponseHopLimit: undefined } }],
  ])('is absent for %s', (_, given) => {
    expect(hopLimitNote(instance, snapshot(given))).toBeUndefined();
  });
});
