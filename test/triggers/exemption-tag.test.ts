import { parseEvent } from '../../lambda/triggers/index.ts';
import { INSTANCE, instanceId, target } from '../support/builders.ts';
import { type BusEvent, createTagsEvent, deleteTagsEvent, OMITTED } from '../support/events.ts';

const NOTHING = { targets: [], lookups: [], problems: [] };

describe.each([
  ['grant', createTagsEvent, { grantedByCall: true }],
  ['revoke', deleteTagsEvent, undefined],
] as const)('%s', (trigger, event, said) => {
  const changed = (...ids: readonly string[]) => ({
    targets: ids.map((id) => target({ instanceId: id, trigger, recorded: said })),
    lookups: [],
    problems: [],
  });
  const OTHERS = [{ key: 'Name', value: 'imdsv2:exempt-until' }, { key: 'imdsv2:exempt-reason' }];
  const BAD_ID = ['an item of requestParameters.resourcesSet has no usable resourceId'];

  test('names the instances, the caller, and no options', () => {
    expect(parseEvent(event({ resources: [instanceId(1), instanceId(2)] }))).toEqual(
      changed(instanceId(1), instanceId(2)),
    );
  });

  test('other tags of the same call do not hide it', () => {
    const tags = [...OTHERS, { key: 'imdsv2:exempt-until', value: '2026-12-31' }];
    expect(parseEvent(event({ resources: [instanceId(1)], tags }))).toEqual(changed(instanceId(1)));
  });

  test('volumes and whatever else the call named are nobody’s business', () => {
    const resources = ['vol-0a1b2c3d4e5f60718', instanceId(1), 'igw-0a1b2c3d', 'ami-0a1b2c3d', 'img-i-0a1b2c3d', ''];
    expect(parseEvent(event({ resources }))).toEqual(changed(instanceId(1)));
    expect(parseEvent(event({ resources: ['vol-0a1b2c3d4e5f60718'] }))).toEqual(NOTHING);
  });

  test('an id that is there twice is one instance, whatever its letters', () => {
    const resources = [instanceId(10), ` ${instanceId(10).toUpperCase()} `, instanceId(10)];
    expect(parseEvent(event({ resources }))).toEqual(changed(instanceId(10)));
  });

  test.each(['i-', 'i-../../x', 'I-0a1b2c3d;id', ' i-0a1b2c3d\ni-0a1b2c3e', 'i-٠١٢٣٤٥٦٧', `i-${'0'.repeat(33)}`])(
    '%j among good ids is a problem and costs nobody else',
    (bad) => {
      expect(parseEvent(event({ resources: [bad, instanceId(1)] }))).toEqual({
        ...changed(instanceId(1)),
        problems: BAD_ID,
      });
    },
  );

  test('a resource that is no object, or has no id, is a problem', () => {
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
    ['a set of nothing', { items: [] }],
    ['a set that is none', 'all'],
  ])('%s of resources is a problem', (_, resourcesSet) => {
    const { requestParameters } = event().detail;
    const detail = { requestParameters: { ...(requestParameters as object), resourcesSet } };
    expect(parseEvent(event({ detail }))).toEqual({
      ...NOTHING,
      problems: ['requestParameters has no resourcesSet'],
    });
  });

  test.each<readonly [string, BusEvent]>([
    ['of other keys', event({ tags: OTHERS })],
    ['of keys that are no text', event({ detail: { requestParameters: { tagSet: { items: [{ key: 7 }, null] } } } })],
    ['that failed', event({ detail: { errorCode: 'Client.UnauthorizedOperation' } })],
    ['that was a dry run', event({ detail: { errorCode: 'Client.DryRunOperation' } })],
  ])('a change %s is none of the exemption', (_, changedNothing) => {
    expect(parseEvent(changedNothing)).toEqual(NOTHING);
  });
});

describe('a change that names no tag', () => {
  test('took them all', () => {
    const took = target({ trigger: 'revoke', recorded: { allTags: true } });
    expect(parseEvent(deleteTagsEvent({ tags: [] }))).toEqual({ ...NOTHING, targets: [took] });
  });

  test('set none', () => {
    expect(parseEvent(createTagsEvent({ tags: [] }))).toEqual(NOTHING);
  });

  test('because the request was left out of the record is a problem where it may have taken them', () => {
    const detail = { requestParameters: OMITTED };
    expect(parseEvent(deleteTagsEvent({ detail })).problems).toEqual(['requestParameters has no resourcesSet']);
    expect(parseEvent(createTagsEvent({ detail }))).toEqual(NOTHING);
  });
});
