import { toInstanceId } from '../core/target.ts';
import { text } from './json.ts';
import { asksFor, notUnderstood, type Trigger } from './trigger.ts';

const DETAIL_TYPE = 'EC2 Instance State-change Notification';

/**
 * An instance that reached the state `running`.
 *
 * EC2 sends this event without a trail, and without caller or metadata options. It backs up the CloudTrail rules, so
 * the function hands it back to the queue until their record has usually arrived.
 */
export const running: Trigger = {
  name: 'running',
  exposure: 'new-on-first-launch',
  backsUpCloudTrail: true,
  opening: 'Started with IMDSv1 enabled',
  ruleId: 'Running',
  description: 'Every instance that starts running: backs up the CloudTrail rules',
  pattern: { source: ['aws.ec2'], 'detail-type': [DETAIL_TYPE], detail: { state: ['running'] } },
  accepts: (event) => text(event, 'detail-type') === DETAIL_TYPE,
  parse: (event, { account, region, eventId, occurredAt }) => {
    const instanceId = toInstanceId(text(event, 'detail', 'instance-id'));
    if (instanceId === undefined) return notUnderstood('detail has no usable instance-id');
    return asksFor({ account, region, instanceId, context: { trigger: running, eventId, occurredAt } });
  },
};
