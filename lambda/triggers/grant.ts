import { TAG } from '../contract.ts';
import { isCall, successful } from './cloudtrail.ts';
import { taggedBy } from './exemption-tag.ts';
import type { Trigger } from './trigger.ts';

const call = successful('CreateTags');

/** Somebody set the exemption tag. It is told, with the caller; it never leads to a change. */
export const grant: Trigger = {
  name: 'grant',
  ruleId: 'Grant',
  description: 'CreateTags that set an exemption from the enforcement of IMDSv2',
  delivery: 'direct',
  pattern: {
    ...call,
    detail: { ...call.detail, requestParameters: { tagSet: { items: { key: [TAG.exemptUntil] } } } },
  },
  accepts: (event) => isCall(event, 'CreateTags'),
  parse: (event, envelope) => taggedBy(event, envelope, 'grant'),
};
