import { toInstanceId } from '../core/target.ts';
import { text } from './json.ts';
import { asksFor, notUnderstood, type Trigger } from './trigger.ts';

const DETAIL_TYPE = 'EC2 Instance State-change Notification';

/**
 * An instance is running. EC2 sends this itself, without a trail; it says neither who nor with which options, so it is the net
 * under the CloudTrail rules and waits in the queue until their record has had its time.
 */
export const running: Trigger = {
  name: 'running',
  ruleId: 'Running',
  description: 'Every instance that starts running: the net under the CloudTrail rules',
  delivery: 'queued',
  pattern: { source: ['aws.ec2'], 'detail-type': [DETAIL_TYPE], detail: { state: ['running'] } },
  accepts: (event) => text(event, 'detail-type') === DETAIL_TYPE,
  parse: (event, { account, region, eventId, occurredAt }) => {
    const instanceId = toInstanceId(text(event, 'detail', 'instance-id'));
    if (instanceId === undefined) return notUnderstood('detail has no usable instance-id');
    return asksFor({ account, region, instanceId, context: { trigger: 'running', eventId, occurredAt } });
  },
};
