import { TAG } from '../contract.ts';
import { type Target, toInstanceId } from '../core/target.ts';
import type { TriggerTraits } from '../core/trigger.ts';
import { callerOf, isFailed } from './cloudtrail.ts';
import { at, type Json, list, text } from './json.ts';
import { asksFor, type Envelope, notUnderstood, type Parsed } from './trigger.ts';

/** The instances on which a call set or removed the exemption tag. Other resources are ignored. */
export function taggedBy(
  event: Json,
  { account, region, eventId, occurredAt }: Envelope,
  trigger: TriggerTraits,
): Parsed {
  if (isFailed(event)) return asksFor();
  const request = at(event, 'detail', 'requestParameters');
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
  if (at(request, 'omitted') === true) {
    return notUnderstood('CloudTrail omitted requestParameters, which may name instances and the exemption tag');
  }
  const tags = list(request, 'tagSet', 'items');
  // Without any tag, DeleteTags removes all of them. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
  const allTags = trigger.exemptionTag === 'removed' && tags.length === 0;
  const namesTheTag = tags.some((tag) => at(tag, 'key') === TAG.exemptUntil);
  if (!allTags && !namesTheTag) return asksFor();
  const resources = list(request, 'resourcesSet', 'items');
  if (resources.length === 0) return notUnderstood('requestParameters has no resourcesSet');
  const recorded = trigger.exemptionTag === 'set' ? { grantedByCall: true } : allTags ? { allTags } : undefined;
  const context = { trigger, eventId, occurredAt, caller: callerOf(event), recorded };
  const targets = new Map<string, Target>();
  const problems: string[] = [];
  for (const resource of resources) {
    const resourceId = text(resource, 'resourceId');
    const instanceId = toInstanceId(resourceId);
    if (instanceId !== undefined) targets.set(instanceId, { account, region, instanceId, context });
    else if (resourceId === undefined || /^\s*i-/i.test(resourceId)) {
      problems.push('an item of requestParameters.resourcesSet has no usable resourceId');
    }
  }
  return { targets: [...targets.values()], lookups: [], problems };
}
