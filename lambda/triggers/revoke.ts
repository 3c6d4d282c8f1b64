import { TAG } from '../contract.ts';
import { isCall, successful } from './cloudtrail.ts';
import { taggedBy } from './exemption-tag.ts';
import type { Trigger } from './trigger.ts';

const call = successful('DeleteTags');

const ALL_TAGS = 'All tags were removed. Whether one of them was an exemption is not known.';

/** A call that removed the exemption tag. The instance is remediated at once. */
export const revoke: Trigger = {
  name: 'revoke',
  exposure: 'new',
  // Until then, the exemption allowed it.
  exposedByCall: true,
  exemptionTag: 'removed',
  opening: 'The exemption tag, or every tag, was removed while IMDSv1 was enabled',
  sentences: {
    exempt:
      'The exemption tag was removed, but one is in date (it was set again, or the call named another value). IMDSv1 stays enabled.',
    'existing-instance': `${ALL_TAGS} Existing instances are reported only, and IMDSv1 stays enabled.`,
    'in-use': `${ALL_TAGS} IMDSv1 is in use, and stays enabled until it is unused.`,
    'usage-unknown': `${ALL_TAGS} IMDSv1 usage is unknown too, and IMDSv1 stays enabled until it is measured as unused.`,
  },
  ruleId: 'Revoke',
  description: 'DeleteTags that removed an exemption from the enforcement of IMDSv2',
  pattern: {
    ...call,
    // A call that names no tag removes them all. The same pattern matches a record without parameters.
    detail: { ...call.detail, requestParameters: { tagSet: { items: { key: [TAG.exemptUntil, { exists: false }] } } } },
  },
  accepts: (event) => isCall(event, 'DeleteTags'),
  parse: (event, envelope) => taggedBy(event, envelope, revoke),
};
