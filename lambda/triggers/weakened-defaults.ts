import { type PreventingDefaults, weakened } from '../core/prevention/event.ts';
import { callerOf, isCall, isFailed, successful } from './cloudtrail.ts';
import { at, isObject, type Json, text } from './json.ts';
import { asksFor, type Trigger } from './trigger.ts';

const NAME = 'ModifyInstanceMetadataDefaults';
const WRAPPER = `${NAME}Request`;
const call = successful(NAME);
const WEAK = { HttpTokens: ['optional', 'no-preference'], HttpTokensEnforced: ['disabled', 'no-preference'] };

/**
 * A call that weakened the metadata defaults of the account in a region, or ended their enforcement.
 *
 * The record does not have the defaults before the call: a tool that sends every option may have changed nothing.
 */
export const weakenedDefaults: Trigger = {
  name: 'weakened-defaults',
  ruleId: 'WeakenedDefaults',
  description: 'ModifyInstanceMetadataDefaults that does not require IMDSv2 for launches, or does not enforce it',
  pattern: {
    ...call,
    detail: {
      ...call.detail,
      // No recorded call was published. EC2 wraps and capitalizes the request of ModifyInstanceMetadataOptions, and the
      // plain form occurs in records that passed through other tools.
      $or: [
        { requestParameters: { [WRAPPER]: { HttpTokens: WEAK.HttpTokens } } },
        { requestParameters: { [WRAPPER]: { HttpTokensEnforced: WEAK.HttpTokensEnforced } } },
        { requestParameters: { httpTokens: WEAK.HttpTokens } },
        { requestParameters: { httpTokensEnforced: WEAK.HttpTokensEnforced } },
      ],
    },
  },
  accepts: (event) => isCall(event, NAME),
  parse: (event, envelope) => {
    const requested = weakened(requestOf(event));
    if (isFailed(event) || Object.keys(requested).length === 0) return asksFor();
    const { name: trigger } = weakenedDefaults;
    const prevention = { ...envelope, trigger, kind: 'defaults-weakened', caller: callerOf(event), requested } as const;
    return { ...asksFor(), prevention };
  },
};

function requestOf(event: Json): PreventingDefaults {
  const parameters = at(event, 'detail', 'requestParameters');
  const wrapped = at(parameters, WRAPPER);
  const request = isObject(wrapped) ? wrapped : parameters;
  return {
    HttpTokens: text(request, 'HttpTokens') ?? text(request, 'httpTokens'),
    HttpTokensEnforced: text(request, 'HttpTokensEnforced') ?? text(request, 'httpTokensEnforced'),
  };
}
