import { parseEvent } from '../../lambda/triggers/index.ts';
import { INSTANCE, instanceId, target } from '../support/builders.ts';
import { type BusEvent, createTagsEvent, deleteTagsEvent, OMITTED } from '../support/events.ts';

const NOTHING = { targets: [], lookups: [], problems: [] };

describe.each([
  ['grant', createTagsEvent, { grantedByCall: true }],
  ['revoke', deleteTagsEvent, undefined],
] as const)('parseEvent() of %s', (trigger, event, expected) => {
  const changed = (...ids: readonly string[]) => ({
    targets: ids.map((id) => target({ instanceId: id, trigger, recorded: expected })),
    lookups: [],
    problems: [],
  });
  const OTHERS = [{ key: 'Name', value: 'imdsv2:exempt-until' }, { key: 'imdsv2:exempt-reason' }];
  const BAD_ID = ['an item of requestParameters.resourcesSet has no usable resourceId'];

  test('has the instances and the caller, without options', () => {
    expect(parseEvent(event({ resources: [instanceId(1), instanceId(2)] }))).toEqual(
      changed(instanceId(1), instanceId(2)),
    );
  });

  test('reads the exemption tag among other tags', () => {
    const tags = [...OTHERS, { key: 'imdsv2:exempt-until', value: '2026-12-31' }];
    expect(parseEvent(event({ resources: [instanceId(1)], tags }))).toEqual(changed(instanceId(1)));
  });

  test('ignores volumes and other resources', () => {
    const resources = ['vol-0a1b2c3d4e5f60718', instanceId(1), 'igw-0a1b2c3d', 'ami-0a1b2c3d', 'img-i-0a1b2c3d', ''];
    expect(parseEvent(event({ resources }))).toEqual(changed(instanceId(1)));
    expect(parseEvent(event({ resources: ['vol-0a1b2c3d4e5f60718'] }))).toEqual(NOTHING);
  });

  test('has one target for a duplicate id, whatever its letter case', () => {
    const resources = [instanceId(10), ` ${instanceId(10).toUpperCase()} `, instanceId(10)];
    expect(parseEvent(event({ resources }))).toEqual(changed(instanceId(10)));
  });

  test.each(['i-', 'i-../../x', 'I-0a1b2c3d;id', ' i-0a1b2c3d\ni-0a1b2c3e', 'i-٠١٢٣٤٥٦٧', `i-${'0'.repeat(33)}`])(
    'reports a problem for the id %j, and reads the others',
    (bad) => {
      expect(parseEvent(event({ resources: [bad, instanceId(1)] }))).toEqual({
        ...changed(instanceId(1)),
        problems: BAD_ID,
      });
    },
  );

  test('reports a problem for a resource that is not an object or has no id', () => {
    const { requestParameters } = event().detail;
    const resourcesSet = { items: [null, INSTANCE, {}, { resourceId: 7 }] };
    const detail = { requestParameters: { ...(requestParameters as object), resourcesSet } };
    expect(parseEvent(event({ detail }))).toEqual({
      ...NOTHING,
      problems: [...BAD_ID, ...BAD_ID, ...BAD_ID, ...BAD_ID],
    });
  });

  test.each<readonly [string, unknown]>([
    ['no set', undefined],
    ['an empty set', {}],
    ['a set without items', { items: [] }],
    ['an invalid set', 'all'],
  ])('reports a problem for %s of resources', (_, resourcesSet) => {
    const { requestParameters } = event().detail;
    const detail = { requestParameters: { ...(requestParameters as object), resourcesSet } };
    expect(parseEvent(event({ detail }))).toEqual({
      ...NOTHING,
      problems: ['requestParameters has no resourcesSet'],
    });
  });

  test.each<readonly [string, BusEvent]>([
    ['of other keys', event({ tags: OTHERS })],
    ['of keys that are not texts', event({ detail: { requestParameters: { tagSet: { items: [{ key: 7 }, null] } } } })],
    ['that failed', event({ detail: { errorCode: 'Client.UnauthorizedOperation' } })],
    ['that was a dry run', event({ detail: { errorCode: 'Client.DryRunOperation' } })],
  ])('asks for nothing for a change %s', (_, changedNothing) => {
    expect(parseEvent(changedNothing)).toEqual(NOTHING);
  });
});

describe('parseEvent() of a call without tags', () => {
  test('records that DeleteTags removed all tags', () => {
    const expected = target({ trigger: 'revoke', recorded: { allTags: true } });
    expect(parseEvent(deleteTagsEvent({ tags: [] }))).toEqual({ ...NOTHING, targets: [expected] });
  });

  test('asks for nothing for CreateTags', () => {
    expect(parseEvent(createTagsEvent({ tags: [] }))).toEqual(NOTHING);
  });

  test.each([
    ['DeleteTags', deleteTagsEvent],
    ['CreateTags', createTagsEvent],
  ])('reports a problem for %s with an omitted request (6)', (_, event) => {
    const problems = ['CloudTrail omitted requestParameters, which may name instances and the exemption tag'];
    expect(parseEvent(event({ detail: { requestParameters: OMITTED } }))).toEqual({ ...NOTHING, problems });
    const failed = { requestParameters: OMITTED, errorCode: 'Client.UnauthorizedOperation' };
    expect(parseEvent(event({ detail: failed }))).toEqual(NOTHING);
  });
});
