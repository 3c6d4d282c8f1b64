import { TAG } from '../contract.ts';
import { isCall, successful } from './cloudtrail.ts';
import { taggedBy } from './exemption-tag.ts';
import type { Trigger } from './trigger.ts';

const call = successful('CreateTags');

const GRANTED =
  'The exemption tag was set. Until that date the instance is not remediated, whether or not IMDSv1 is enabled. Check that it was approved.';

// The instance may be compliant, so these sentences do not say that IMDSv1 is enabled.
const EXEMPTS_NOTHING =
  'It exempts nothing. IMDSv1, if enabled, stays enabled. From the next scan on, the tag is ignored: correct or remove it.';

/** A call that set the exemption tag. It is reported with its caller, and never leads to a change. */
export const grant: Trigger = {
  name: 'grant',
  exemptionTag: 'set',
  sentences: {
    exempt: GRANTED,
    'exempt-self-granted': GRANTED,
    'exemption-malformed': `The exemption tag was set to a value that is not a calendar date (YYYY-MM-DD). ${EXEMPTS_NOTHING}`,
    'exemption-exceeds-maximum': `The exemption tag was set to a date that exceeds the maximum duration of this account. ${EXEMPTS_NOTHING}`,
    'exemption-expired':
      'The exemption tag was set to a past date. It exempts nothing. IMDSv1, if enabled, stays enabled: setting the tag never leads to a change.',
    'existing-instance':
      'The exemption tag was set, and was removed before it was checked. Setting the tag never leads to a change, and IMDSv1 stays enabled.',
  },
  ruleId: 'Grant',
  description: 'CreateTags that set an exemption from the enforcement of IMDSv2',
  pattern: {
    ...call,
    detail: {
      ...call.detail,
      $or: [
        { requestParameters: { tagSet: { items: { key: [TAG.exemptUntil] } } } },
        // CloudTrail omits parameters over 100 KB, so whether they have the tag is not known.
        { requestParameters: { omitted: [true] } },
      ],
    },
  },
  accepts: (event) => isCall(event, 'CreateTags'),
  parse: (event, envelope) => taggedBy(event, envelope, grant),
};
