import type { Activity } from '../simulation/activity.ts';
import type { Clock } from '../simulation/clock.ts';
import { wholeSeconds } from '../cloudtrail/record.ts';
import type { BusEvent } from '../cloudtrail/recorder.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import type { MessageAttributes } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Rule, Target } from './rule.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

/** A delivery that was made, or given up. */
export interface DeliveryRecord {
  readonly at: number;
  readonly rule: string;
  readonly targetArn: string;
  readonly eventId: string;
  readonly outcome: 'delivered' | 'dead-lettered' | 'dropped';
}

/** What the bus works with. */
export interface BusRoom {
  readonly account: string;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly faults: Faults;
  readonly queues: Queues;
  /** Gives an event to a function, asynchronously; `false` if there is no such function. */
  readonly invoke: (functionArn: string, payload: unknown) => boolean;
  readonly deliveries: DeliveryRecord[];
  readonly ids: Ids;
  /** Every event that reached a bus. */
  readonly events: BusEvent[];
  /** Whether schedules ring by themselves. */
  readonly schedules: boolean;
}

/** Pause before a retry: doubled each time, up to a limit. EventBridge backs off exponentially; its numbers are not published. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** A longer wait is cut in pieces: timers hold no more than 24 days. */
const LONGEST_WAIT_MS = 86_400_000;

/** The event buses of the account, in all regions. */
export class Bus {
  readonly #room: BusRoom;
  readonly #rules: Rule[] = [];
  readonly #own = new Set<string>();

  public constructor(room: BusRoom) {
    this.#room = room;
  }

  /** Makes a bus beside the default ones. */
  public create(busArn: string): void {
    this.#own.add(busArn);
  }

  public has(busArn: string): boolean {
    return this.#own.has(busArn) || busArn === this.defaultBus(busArn.split(':')[3] ?? '');
  }

  /** @throws ApiError if its schedule is not known here. */
  public add(rule: Rule): void {
    const schedule = rule.schedule === undefined ? undefined : parseSchedule(rule.schedule);
    this.#rules.push(rule);
    if (schedule !== undefined && this.#room.schedules) this.#wind(rule, schedule);
  }

  public rules(): readonly Rule[] {
    return this.#rules;
  }

  /** Takes an event: of AWS itself on the default bus of its region, or forwarded to another bus. */
  public put(event: BusEvent, busArn = this.defaultBus(event.region)): void {
    for (const rule of this.#rules) {
      if (rule.busArn !== busArn || rule.state === 'DISABLED' || !rule.matches(event)) continue;
      this.#send(event, rule);
    }
  }

  /**
   * Lets a scheduled rule ring now, whatever its schedule says.
   *
   * @param name its name or ARN, or the id of its construct.
   * @returns the event; nothing if the rule is disabled.
   */
  public fire(name: string): BusEvent | undefined {
    const scheduled = this.#rules.filter(({ schedule }) => schedule !== undefined);
    const rule =
      scheduled.find((one) => one.name === name || one.arn === name) ?? scheduled.find((one) => one.goesBy?.(name));
    if (rule === undefined) throw new Error(`there is no scheduled rule ${name}`);
    return this.#ring(rule, this.#room.clock.now());
  }

  public defaultBus(region: string): string {
    return `arn:aws:events:${region}:${this.#room.account}:event-bus/default`;
  }

  /** Waits for the next time, again and again. It does not count as under way. */
  #wind(rule: Rule, schedule: Schedule): void {
    const { clock } = this.#room;
    const wait = (due: number) => {
      const left = due - clock.now();
      if (left > 0) {
        clock.after(Math.min(left, LONGEST_WAIT_MS), () => wait(due));
        return;
      }
      this.#ring(rule, due);
      wait(schedule.next(due));
    };
    wait(schedule.next(clock.now()));
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html: only its own targets get the event. */
  #ring(rule: Rule, at: number): BusEvent | undefined {
    if (rule.state === 'DISABLED') return undefined;
    const { account, ids, events } = this.#room;
    const event: BusEvent = {
      version: '0',
      id: ids.uuid('scheduled event'),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account,
      time: wholeSeconds(at),
      region: rule.arn.split(':')[3] ?? '',
      resources: [rule.arn],
      detail: {},
    };
    events.push(event);
    this.#send(event, rule);
    return event;
  }

  #send(event: BusEvent, rule: Rule): void {
    for (const target of rule.targets) {
      this.#room.activity.run(`delivery by ${rule.name}`, () => this.#deliver(event, rule, target));
    }
  }

  async #deliver(event: BusEvent, rule: Rule, target: Target): Promise<void> {
    const { clock, faults } = this.#room;
    const startedAt = clock.now();
    const { maximumRetryAttempts, maximumEventAgeSeconds } = target.retry;
    for (let attempt = 1; ; attempt++) {
      const fault = faults.undeliverable({ rule: rule.name, targetArn: target.arn, eventId: event.id, attempt });
      if (fault === undefined && target.forbidden === undefined && this.#give(event, target)) {
        this.#note(event, rule, target, 'delivered');
        return;
      }
      if (fault !== 'retry') {
        this.#giveUp(
          event,
          rule,
          target,
          target.forbidden === undefined ? 'TARGET_NOT_FOUND' : 'NO_PERMISSIONS',
          attempt,
        );
        return;
      }
      if (attempt > maximumRetryAttempts) {
        this.#giveUp(event, rule, target, 'MaximumRetryAttempts', attempt);
        return;
      }
      await clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS));
      if (clock.now() - startedAt > maximumEventAgeSeconds * 1000) {
        this.#giveUp(event, rule, target, 'MaximumEventAgeInSeconds', attempt);
        return;
      }
    }
  }

  #give(event: BusEvent, { arn, input, groupId }: Target): boolean {
    const service = arn.split(':')[2];
    const body = input ?? JSON.stringify(event);
    if (service === 'lambda') return this.#room.invoke(arn, JSON.parse(body));
    if (service === 'events') {
      if (!this.has(arn)) return false;
      this.put(event, arn);
      return true;
    }
    return this.#room.queues.byArn(arn)?.send(body, { groupId }) !== undefined;
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html: the event, and why, as message attributes. */
  #giveUp(event: BusEvent, rule: Rule, target: Target, reason: string, attempts: number): void {
    const exhausted = reason.startsWith('Maximum');
    const attributes: MessageAttributes = Object.fromEntries(
      Object.entries({
        RULE_ARN: rule.arn,
        TARGET_ARN: target.arn,
        ERROR_CODE: exhausted ? 'INTERNAL_ERROR' : reason,
        ERROR_MESSAGE: target.forbidden ?? 'The target could not be reached',
        RETRY_ATTEMPTS: String(attempts - 1),
        ...(exhausted ? { EXHAUSTED_RETRY_CONDITION: reason } : {}),
      }).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    const deadLetterQueue = this.#room.queues.byArn(target.deadLetterArn ?? '');
    deadLetterQueue?.send(JSON.stringify(event), { attributes });
    this.#note(event, rule, target, deadLetterQueue === undefined ? 'dropped' : 'dead-lettered');
  }

  #note(event: BusEvent, rule: Rule, target: Target, outcome: DeliveryRecord['outcome']): void {
    this.#room.deliveries.push({
      at: this.#room.clock.now(),
      rule: rule.name,
      targetArn: target.arn,
      eventId: event.id,
      outcome,
    });
  }
}
