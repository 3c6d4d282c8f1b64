import { grant } from '../../lambda/triggers/grant.ts';
import { revoke } from '../../lambda/triggers/revoke.ts';
import type { Trigger } from '../../lambda/triggers/trigger.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { instanceId } from '../support/builders.ts';
import { type BusEvent, createTagsEvent, deleteTagsEvent, OMITTED } from '../support/events.ts';

const matches = (trigger: Trigger, event: BusEvent): boolean => compilePattern(trigger.pattern)(event);

const UNTIL = 'imdsv2:exempt-until';
const OTHERS = [
  { key: 'Name', value: UNTIL },
  { key: 'imdsv2:exempt-reason', value: 'agent X' },
];
const VOLUME = 'vol-0a1b2c3d4e5f60718';

describe('the pattern of grant', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['matches the exemption tag', createTagsEvent(), true],
    [
      'matches the exemption tag among others',
      createTagsEvent({ tags: [...OTHERS, { key: UNTIL, value: '2026-12-31' }] }),
      true,
    ],
    [
      'matches a malformed value, which is left to the decision',
      createTagsEvent({ tags: [{ key: UNTIL, value: 'soon' }] }),
      true,
    ],
    ['matches an instance and its volume', createTagsEvent({ resources: [VOLUME, instanceId(1)] }), true],
    ['does not match other keys', createTagsEvent({ tags: OTHERS }), false],
    [
      'does not match a key in other letter case',
      createTagsEvent({ tags: [{ key: 'IMDSv2:exempt-until', value: 'x' }] }),
      false,
    ],
    ['does not match without tags', createTagsEvent({ tags: [] }), false],
    [
      'matches an omitted request, which may have the tag (6)',
      createTagsEvent({ detail: { requestParameters: OMITTED } }),
      true,
    ],
    ['does not match a failed call', createTagsEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    ['does not match a dry run', createTagsEvent({ detail: { errorCode: 'Client.DryRunOperation' } }), false],
    [
      'does not match another service',
      createTagsEvent({ detail: { eventSource: 'elasticfilesystem.amazonaws.com' } }),
      false,
    ],
    ['does not match DeleteTags', deleteTagsEvent(), false],
  ])('%s', (_, event, matched) => {
    expect(matches(grant, event)).toBe(matched);
  });
});

describe('the pattern of revoke', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['matches the exemption tag', deleteTagsEvent(), true],
    ['matches the exemption tag with a value', deleteTagsEvent({ tags: [{ key: UNTIL, value: '2026-12-31' }] }), true],
    ['matches the exemption tag among others', deleteTagsEvent({ tags: [...OTHERS, { key: UNTIL }] }), true],
    ['matches a call without tags, which removes all of them', deleteTagsEvent({ tags: [] }), true],
    ['matches a record without tags', deleteTagsEvent({ detail: { requestParameters: { resourcesSet: {} } } }), true],
    [
      'matches an omitted request, which may have removed the tag',
      deleteTagsEvent({ detail: { requestParameters: OMITTED } }),
      true,
    ],
    ['does not match other keys', deleteTagsEvent({ tags: OTHERS }), false],
    ['does not match a failed call', deleteTagsEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    [
      'does not match a failed call without tags',
      deleteTagsEvent({ tags: [], detail: { errorCode: 'Client.X' } }),
      false,
    ],
    [
      'does not match another service',
      deleteTagsEvent({ tags: [], detail: { eventSource: 'elasticfilesystem.amazonaws.com' } }),
      false,
    ],
    ['does not match CreateTags', createTagsEvent(), false],
  ])('%s', (_, event, matched) => {
    expect(matches(revoke, event)).toBe(matched);
  });
});
