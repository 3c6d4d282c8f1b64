import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { compilePattern } from '../../../sandbox/aws/eventbridge/pattern.ts';
import { ec2Of, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

test('rules can match the tag keys of CreateTags and DeleteTags', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  const [a, b] = [sandbox.fleet().add({ launchedAt: new Date(0) }), sandbox.fleet().add({ launchedAt: new Date(0) })];
  const Tags = [
    { Key: 'team', Value: 'web' },
    { Key: 'imdsv2:exempt-until', Value: '2026-12-31' },
  ];
  await ec2.send(new CreateTagsCommand({ Resources: [a.id, b.id], Tags }));
  await ec2.send(new DeleteTagsCommand({ Resources: [a.id], Tags: [{ Key: 'imdsv2:exempt-until' }] }));
  await ec2.send(new DeleteTagsCommand({ Resources: [a.id], Tags: [{ Key: 'team', Value: 'web' }] }));
  expect(await refusal(ec2.send(new CreateTagsCommand({ Resources: ['i-0123456789abcdef0'], Tags })))).toEqual([
    'InvalidInstanceID.NotFound',
    400,
  ]);
  await sandbox.idle();

  const [created, withoutValue, withValue, failed] = sandbox.events;
  expect(created).toMatchObject({ source: 'aws.ec2', 'detail-type': 'AWS API Call via CloudTrail', resources: [] });
  expect(created?.detail).toMatchObject({
    eventSource: 'ec2.amazonaws.com',
    eventName: 'CreateTags',
    requestParameters: {
      resourcesSet: { items: [{ resourceId: a.id }, { resourceId: b.id }] },
      tagSet: {
        items: [
          { key: 'team', value: 'web' },
          { key: 'imdsv2:exempt-until', value: '2026-12-31' },
        ],
      },
    },
    responseElements: { _return: true },
  });
  expect([withoutValue, withValue].map((event) => event?.detail['requestParameters'])).toEqual([
    { resourcesSet: { items: [{ resourceId: a.id }] }, tagSet: { items: [{ key: 'imdsv2:exempt-until' }] } },
    { resourcesSet: { items: [{ resourceId: a.id }] }, tagSet: { items: [{ key: 'team', value: 'web' }] } },
  ]);
  expect(failed?.detail).toMatchObject({ errorCode: 'Client.InvalidInstanceID.NotFound', responseElements: null });

  const exemption = compilePattern({
    source: ['aws.ec2'],
    detail: {
      eventName: ['CreateTags', 'DeleteTags'],
      errorCode: [{ exists: false }],
      requestParameters: { tagSet: { items: { key: ['imdsv2:exempt-until'] } } },
    },
  });
  expect(sandbox.events.map((event) => exemption(event))).toEqual([true, true, false, false]);
});
