import { TAG } from '../contract.ts';
import { isCall, successful } from './cloudtrail.ts';
import { taggedBy } from './exemption-tag.ts';
import type { Trigger } from './trigger.ts';

const call = successful('DeleteTags');

/** Somebody removed the exemption tag: what it covered is closed at once. */
export const revoke: Trigger = {
  name: 'revoke',
  ruleId: 'Revoke',
  description: 'DeleteTags that took an exemption from the enforcement of IMDSv2 away',
  delivery: 'direct',
  pattern: {
    ...call,
    // A call that names no tag removes them all.
    detail: { ...call.detail, requestParameters: { tagSet: { items: { key: [TAG.exemptUntil, { exists: false }] } } } },
  },
  accepts: (event) => isCall(event, 'DeleteTags'),
  parse: (event, envelope) => taggedBy(event, envelope, 'revoke'),
};
