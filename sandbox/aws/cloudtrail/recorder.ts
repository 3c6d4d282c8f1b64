import type { Clock } from '../simulation/clock.ts';
import type { Instance } from '../ec2/instance.ts';
import type { Shape } from '../ec2/shape.ts';
import type { Faults, FaultyEvent } from '../simulation/faults.ts';
import { type Ids, uuidOf } from '../simulation/ids.ts';
import type { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { at, list, text, texts } from '../wire/params.ts';
import { type Outcome, recordOf, wholeSeconds } from './record.ts';

/** An event on a bus. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Delays of events in simulated milliseconds.
 *
 * AWS documents none; for CloudTrail a few seconds are typical.
 */
export interface EventTiming {
  readonly cloudTrail: number;
  readonly stateChange: number;
  /** Until event history has a call; at AWS about five minutes. */
  readonly history: number;
}

export const DEFAULT_EVENT_TIMING: EventTiming = { cloudTrail: 4_000, stateChange: 500, history: 0 };

/** Calls that EventBridge receives from a trail. It receives no read-only calls. */
const RECORDED = new Set([
  'RunInstances',
  'ModifyInstanceMetadataOptions',
  'ModifyInstanceMetadataDefaults',
  'CreateTags',
  'DeleteTags',
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
]);

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const MAX_EVENT_BYTES = 256 * 1024;

/** The id of the record of a call, which event history and the trail share. */
export const eventIdOf = (requestId: string): string => uuidOf('record', requestId);

/** What the recorder depends on. */
export interface RecorderContext {
  readonly account: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly faults: Faults;
  readonly timing: EventTiming;
  /** Whether a trail records the calls of a region. */
  readonly isRecorded: (region: string) => boolean;
  readonly put: (event: BusEvent) => void;
}

/** Sends events of CloudTrail and EC2 to the bus, with delays and subject to faults. */
export class Recorder {
  readonly #context: RecorderContext;

  public constructor(context: RecorderContext) {
    this.#context = context;
  }

  public call(call: ApiCall, answer: Shape): void {
    this.#call(call, { answer }, instanceIdsOf(call, answer));
  }

  public failedCall(call: ApiCall, error: ApiError): void {
    this.#call(call, { error }, instanceIdsOf(call, {}));
  }

  /** Sends a state change. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html */
  public state({ id, region, state }: Instance): void {
    const { account, clock, timing } = this.#context;
    const time = wholeSeconds(clock.now());
    this.#send(this.#faulty('state-change', state, region, [id]), timing.stateChange, (eventId) => ({
      version: '0',
      id: eventId,
      'detail-type': 'EC2 Instance State-change Notification',
      source: 'aws.ec2',
      account,
      time,
      region,
      resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
      detail: { 'instance-id': id, state },
    }));
  }

  #call(call: ApiCall, outcome: Outcome, instanceIds: readonly string[]): void {
    const { account, faults, timing, isRecorded } = this.#context;
    if (!isRecorded(call.region) || !RECORDED.has(call.action)) return;
    const faulty = this.#faulty('cloudtrail', call.action, call.region, instanceIds);
    const detail = recordOf(call, outcome, eventIdOf(call.requestId), faults.truncates(faulty));
    this.#send(faulty, timing.cloudTrail, (id) => ({
      version: '0',
      id,
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      account,
      time: wholeSeconds(call.at),
      region: call.region,
      resources: [],
      detail,
    }));
  }

  #faulty(kind: string, name: string, region: string, instanceIds: readonly string[]): FaultyEvent {
    const key = `${kind} ${name} ${region} ${instanceIds.join(',')}`;
    return { kind, name, region, instanceIds, key, attempt: this.#context.ids.count(`event ${key}`) };
  }

  #send(faulty: FaultyEvent, delay: number, make: (id: string) => BusEvent): void {
    const { clock, faults, ids, put } = this.#context;
    // Copies of an event have the same id, because it is the delivery that happens at least once.
    const event = make(ids.uuid('event', `${faulty.key} ${faulty.attempt}`));
    if (faults.loses(faulty) || Buffer.byteLength(JSON.stringify(event)) > MAX_EVENT_BYTES) return;
    const copies = 1 + faults.duplicates(faulty);
    for (let copy = 0; copy < copies; copy++) {
      clock.after(delay + faults.delays(faulty, copy), () => put(event), `event ${faulty.name}`);
    }
  }
}

function instanceIdsOf({ params }: ApiCall, answer: Shape): readonly string[] {
  const launched = list(answer, 'instancesSet').map((item) => text(item, 'instanceId') ?? '');
  if (launched.length > 0) return launched;
  const one = at(params, 'InstanceId');
  return typeof one === 'string' ? [one] : [...texts(params, 'InstanceId'), ...texts(params, 'ResourceId')];
}
