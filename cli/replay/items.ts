import { ACCOUNT, REGION } from '../../lambda/core/target.ts';
import { at, isObject, type Json, list, text } from '../../lambda/triggers/json.ts';
import { parseJson } from '../common/json.ts';

/** An event or instance in a file. */
export type Item =
  /** In the form of EventBridge. */
  | { readonly kind: 'event'; readonly event: Json }
  /** In the form of `aws ec2 describe-instances`. */
  | { readonly kind: 'instance'; readonly instance: Json }
  | { readonly kind: 'unknown' };

/** Maximum nesting of lists and wrappers. */
const DEPTH = 5;

/**
 * The events and instances in a JSON value.
 *
 * The value may be a CloudTrail log file or record, the output of `aws cloudtrail lookup-events` or `aws ec2 describe-instances`,
 * an EventBridge event, log events of CloudWatch Logs whose message is one of these, or a list of them.
 */
export function* itemsOf(value: Json, depth = DEPTH): Generator<Item, void, undefined> {
  if (depth === 0 || typeof value !== 'object' || value === null) return yield { kind: 'unknown' };
  if (Array.isArray(value)) return yield* inside(value, depth);
  for (const wrapper of ['Records', 'Events', 'Instances']) {
    if (Array.isArray(at(value, wrapper))) return yield* inside(list(value, wrapper), depth);
  }
  if (Array.isArray(at(value, 'Reservations'))) {
    for (const reservation of list(value, 'Reservations')) {
      for (const instance of list(reservation, 'Instances')) yield { kind: 'instance', instance };
    }
    return;
  }
  for (const wrapper of ['logEvents', 'events']) {
    if (Array.isArray(at(value, wrapper))) return yield* messagesIn(value, list(value, wrapper), depth);
  }
  const record = text(value, 'CloudTrailEvent');
  if (record !== undefined) return yield* itemsOf(parseJson(record), depth - 1);
  yield toItem(value);
}

function* inside(values: readonly Json[], depth: number): Generator<Item, void, undefined> {
  for (const value of values) yield* itemsOf(value, depth - 1);
}

/**
 * What log events contain: those of a subscription filter, or of `aws logs filter-log-events`.
 *
 * CloudWatch Logs also sends messages of its own, which check the destination.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
 */
function* messagesIn(value: Json, logEvents: readonly Json[], depth: number): Generator<Item, void, undefined> {
  if (text(value, 'messageType') === 'CONTROL_MESSAGE') return;
  for (const logEvent of logEvents) yield* itemsOf(parseJson(text(logEvent, 'message') ?? ''), depth - 1);
}

function toItem(value: Json): Item {
  if (text(value, 'detail-type') !== undefined && isObject(at(value, 'detail'))) return { kind: 'event', event: value };
  if (text(value, 'eventName') !== undefined && text(value, 'eventSource') !== undefined) {
    return { kind: 'event', event: toEvent(value) };
  }
  const isInstance = text(value, 'InstanceId') !== undefined && isObject(at(value, 'State'));
  return isInstance ? { kind: 'instance', instance: value } : { kind: 'unknown' };
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  AwsApiCall: 'AWS API Call via CloudTrail',
  AwsServiceEvent: 'AWS Service Event via CloudTrail',
  AwsConsoleAction: 'AWS Console Action via CloudTrail',
  AwsConsoleSignIn: 'AWS Console Sign In via CloudTrail',
  AwsCloudTrailInsight: 'AWS Insight via CloudTrail',
};

/** A CloudTrail record in the envelope of EventBridge. */
function toEvent(record: Json): Json {
  // Other tools may omit `eventType`, and old records have no `recipientAccountId`.
  const type = text(record, 'eventType') ?? 'AwsApiCall';
  const accounts = [
    text(record, 'recipientAccountId'),
    text(record, 'responseElements', 'ownerId'),
    text(record, 'userIdentity', 'accountId'),
  ];
  return {
    version: '0',
    id: text(record, 'eventID'),
    'detail-type': Object.hasOwn(DETAIL_TYPES, type) ? DETAIL_TYPES[type] : type,
    source: `aws.${text(record, 'eventSource')?.split('.')[0]}`,
    account: accounts.find((account) => account !== undefined && ACCOUNT.test(account)),
    time: text(record, 'eventTime'),
    region: text(record, 'awsRegion'),
    resources: [],
    detail: record,
  };
}

/** The Region of the instance's Availability Zone. */
export function regionOf(instance: Json): string | undefined {
  const zone = text(instance, 'Placement', 'AvailabilityZone') ?? '';
  return [/^(.*\d)[a-z]$/.exec(zone)?.[1], /^([a-z]+(?:-[a-z]+)+-\d+)-/.exec(zone)?.[1]].find(
    (name) => name !== undefined && REGION.test(name),
  );
}
