import { TAG } from '../../lambda/contract.ts';
import { clean } from '../../lambda/core/text.ts';
import { at, type Json, text } from '../../lambda/triggers/json.ts';

/** Why the rule of a trigger does not match an event that is about it. */
const REASONS: Readonly<Record<string, string>> = {
  launch: 'every instance was launched with IMDSv2 required',
  drift: 'the call did not enable IMDSv1',
  grant: `another tag than ${TAG.exemptUntil} was set`,
  revoke: `another tag than ${TAG.exemptUntil} was removed`,
  running: 'another state than running',
};

/** Why no rule matches an event that a trigger reads. */
export function whyNot(event: Json, trigger: string): string {
  if (at(event, 'detail', 'errorCode') !== undefined) return 'the call failed';
  return REASONS[trigger] ?? 'its pattern does not match';
}

/** What an event is called that no trigger reads: the call, or the kind of event. */
export const nameOf = (event: Json): string =>
  clean(text(event, 'detail', 'eventName') ?? text(event, 'detail-type') ?? '?', 60);
