import { TAG } from '../contract.ts';
import { type Context, toInstanceId, type Target } from '../core/target.ts';
import { callerOf, isCall, isFailed, successful } from './cloudtrail.ts';
import { at, type Json, list, text } from './json.ts';
import { isRefusedLaunch } from './refused-launch.ts';
import { asksFor, type Envelope, type Parsed, type Trigger } from './trigger.ts';

const call = successful('RunInstances');
const launched = (items: object) => ({ responseElements: { instancesSet: { items } } });

/**
 * A successful RunInstances in which an instance does not require IMDSv2, or does not say, or has the exemption tag: a
 * tag that comes with a launch raises no CreateTags event.
 */
export const launch: Trigger = {
  name: 'launch',
  exposure: 'new-on-first-launch',
  // A retry with the same client token names the instances of the first call, however old they are.
  // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
  onExisting: { name: 'launch', inDigest: true },
  opening: 'Launched with IMDSv1 enabled',
  ruleId: 'Launch',
  description: 'Successful RunInstances in which an instance is not known to require IMDSv2, or has an exemption',
  pattern: {
    ...call,
    detail: {
      ...call.detail,
      $or: [
        launched({ metadataOptions: { httpTokens: [{ 'anything-but': ['required'] }, { exists: false }] } }),
        launched({ tagSet: { items: { key: [TAG.exemptUntil] } } }),
      ],
    },
  },
  accepts: (event) => isCall(event, 'RunInstances') && !isRefusedLaunch(event),
  parse: (event, envelope) => (isFailed(event) ? asksFor() : parseLaunch(event, envelope)),
};

function parseLaunch(event: Json, { account, region, eventId, occurredAt }: Envelope): Parsed {
  const context: Context = { trigger: launch, eventId, occurredAt, caller: callerOf(event) };
  const items = list(event, 'detail', 'responseElements', 'instancesSet', 'items');
  if (items.length === 0) {
    // CloudTrail omits responseElements over 100 KB, which is 30 to 45 instances.
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    const request = at(event, 'detail', 'requestParameters');
    const clientToken = text(request, 'clientToken');
    const counts = list(request, 'instancesSet', 'items').map((item) => toCount(at(item, 'minCount')));
    const atLeast = counts.reduce((most, count) => Math.max(most, count), 1);
    const known = list(event, KNOWN).flatMap((id) => toInstanceId(typeof id === 'string' ? id : undefined) ?? []);
    return { targets: [], lookups: [{ account, region, clientToken, atLeast, known, context }], problems: [] };
  }
  const targets = new Map<string, Target>();
  const problems: string[] = [];
  for (const item of items) {
    const instanceId = toInstanceId(text(item, 'instanceId'));
    if (instanceId !== undefined) {
      targets.set(instanceId, { account, region, instanceId, context: { ...context, recorded: recordedIn(item) } });
    } else {
      problems.push('an item of responseElements.instancesSet has no usable instanceId');
    }
  }
  return { targets: [...targets.values()], lookups: [], problems };
}

const KNOWN = 'imdsv2-enforcer:known';

/**
 * The event of a launch of which some instances are still to be found.
 *
 * @param known ids of all instances that were found so far.
 */
export const withKnown = (event: object, known: readonly string[]): object => ({ ...event, [KNOWN]: known });

/** A count, or 0 for anything else. Numbers are text in records that passed through other tools. */
function toCount(value: Json): number {
  const count = typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
  return Number.isSafeInteger(count) ? count : 0;
}

function recordedIn(item: Json) {
  return {
    HttpTokens: text(item, 'metadataOptions', 'httpTokens'),
    HttpEndpoint: text(item, 'metadataOptions', 'httpEndpoint'),
    grantedByCall: list(item, 'tagSet', 'items').some((tag) => at(tag, 'key') === TAG.exemptUntil),
  };
}
