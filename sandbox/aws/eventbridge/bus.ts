import type { Activity } from '../simulation/activity.ts';
import type { Clock } from '../simulation/clock.ts';
import { wholeSeconds } from '../cloudtrail/record.ts';
import type { BusEvent } from '../cloudtrail/recorder.ts';
import type { Roles } from '../iam/roles.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import type { MessageAttributes } from '../sqs/message.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Rule, Target } from './rule.ts';
import { whyForbidden } from './permission.ts';
import { parseSchedule } from './schedule.ts';

/** A completed or abandoned delivery. */
export interface DeliveryRecord {
  readonly at: number;
  readonly rule: string;
  readonly targetArn: string;
  readonly eventId: string;
  readonly outcome: 'delivered' | 'dead-lettered' | 'dropped';
}

/** What the buses depend on. */
export interface BusContext {
  readonly account: string;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly faults: Faults;
  readonly queues: Queues;
  readonly roles: Roles;
  readonly deliveries: DeliveryRecord[];
  readonly ids: Ids;
  /** Every event that reached a bus. */
  readonly events: BusEvent[];
  /** Whether rules with a schedule run on it. Otherwise they run only by `Bus.fire`. */
  readonly schedules: boolean;
}

/**
 * Pause before a retry, doubled each time up to a limit.
 *
 * EventBridge backs off exponentially, but documents no numbers.
 */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** Longer waits are split, because timers of Node.js last 24 days at most. */
const LONGEST_WAIT_MS = 86_400_000;

/** The event buses of the account, in all regions. */
export class Bus {
  readonly #context: BusContext;
  readonly #rules: Rule[] = [];
  /** The JSON of the policy of each custom bus; `undefined` if it has none. */
  readonly #customBuses = new Map<string, string | undefined>();

  public constructor(context: BusContext) {
    this.#context = context;
  }

  /** Creates a custom bus. */
  public create(busArn: string): void {
    this.#customBuses.set(busArn, undefined);
  }

  /** Deletes a custom bus. The local AWS does not require that its rules are deleted first. */
  public delete(busArn: string): void {
    this.#customBuses.delete(busArn);
  }

  /** The JSON of the policy of a bus. */
  public policy(busArn: string): string | undefined {
    return this.#customBuses.get(busArn);
  }

  public setPolicy(busArn: string, policy: string | undefined): void {
    this.#customBuses.set(busArn, policy);
  }

  public has(busArn: string): boolean {
    return this.#customBuses.has(busArn) || busArn === this.defaultBus(busArn.split(':')[3] ?? '');
  }

  /** @throws ApiError if the schedule is invalid or not supported. */
  public add(rule: Rule): void {
    if (rule.schedule !== undefined) parseSchedule(rule.schedule);
    this.#rules.push(rule);
    if (rule.schedule !== undefined && this.#context.schedules) this.#run(rule);
  }

  public remove(rule: Rule): void {
    this.#rules.splice(this.#rules.indexOf(rule), 1);
  }

  public rules(): readonly Rule[] {
    return this.#rules;
  }

  /**
   * Delivers an event to the matching rules of a bus.
   *
   * AWS services send to the default bus of their region.
   */
  public put(event: BusEvent, busArn = this.defaultBus(event.region)): void {
    for (const rule of this.#rules) {
      if (rule.busArn !== busArn || rule.state === 'DISABLED' || !rule.matches(event)) continue;
      this.#send(event, rule);
    }
  }

  /**
   * Runs a scheduled rule now.
   *
   * @param name its name or ARN, or the id of its construct.
   * @returns the event, or `undefined` if the rule is disabled.
   */
  public fire(name: string): BusEvent | undefined {
    const scheduled = this.#rules.filter(({ schedule }) => schedule !== undefined);
    const rule =
      scheduled.find((one) => one.name === name || one.arn === name) ?? scheduled.find((one) => one.hasName?.(name));
    if (rule === undefined) throw new Error(`there is no scheduled rule ${name}`);
    return this.#fireAt(rule, this.#context.clock.now());
  }

  public defaultBus(region: string): string {
    return `arn:aws:events:${region}:${this.#context.account}:event-bus/default`;
  }

  /** Runs a rule on its schedule. Waiting for the next time does not count as activity. */
  #run(rule: Rule): void {
    const { clock } = this.#context;
    const next = (after: number) => parseSchedule(rule.schedule ?? '').next(after);
    const wait = (due: number) => {
      const remaining = due - clock.now();
      if (remaining > 0) {
        clock.after(Math.min(remaining, LONGEST_WAIT_MS), () => wait(due));
        return;
      }
      if (!this.#rules.includes(rule)) return;
      this.#fireAt(rule, due);
      wait(next(due));
    };
    wait(next(clock.now()));
  }

  /**
   * Sends a scheduled event to the targets of a rule.
   *
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
   */
  #fireAt(rule: Rule, at: number): BusEvent | undefined {
    if (rule.state === 'DISABLED') return undefined;
    const { account, ids, events } = this.#context;
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
      this.#context.activity.run(`delivery by ${rule.name}`, () => this.#deliver(event, rule, target));
    }
  }

  async #deliver(event: BusEvent, rule: Rule, target: Target): Promise<void> {
    const { clock, faults } = this.#context;
    const startedAt = clock.now();
    const { maximumRetryAttempts, maximumEventAgeSeconds } = target.retry;
    for (let attempt = 1; ; attempt++) {
      const fault = faults.undeliverable({ rule: rule.name, targetArn: target.arn, eventId: event.id, attempt });
      const forbidden = whyForbidden(rule.arn, target, this.#context);
      if (fault === undefined && forbidden === undefined && this.#sendTo(target, event)) {
        this.#record(event, rule, target, 'delivered');
        return;
      }
      if (fault !== 'retry') {
        const reason = forbidden === undefined ? 'TARGET_NOT_FOUND' : 'NO_PERMISSIONS';
        this.#giveUp(event, rule, target, reason, attempt, forbidden);
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

  /** @returns whether the target exists. */
  #sendTo({ arn, input, groupId }: Target, event: BusEvent): boolean {
    if (arn.split(':')[2] === 'events') {
      if (!this.has(arn)) return false;
      this.put(event, arn);
      return true;
    }
    return this.#context.queues.byArn(arn)?.send(input ?? JSON.stringify(event), { groupId }) !== undefined;
  }

  /**
   * Sends the event to the dead-letter queue. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
   */
  #giveUp(event: BusEvent, rule: Rule, target: Target, reason: string, attempts: number, forbidden?: string): void {
    const exhausted = reason.startsWith('Maximum');
    const attributes: MessageAttributes = Object.fromEntries(
      Object.entries({
        RULE_ARN: rule.arn,
        TARGET_ARN: target.arn,
        ERROR_CODE: exhausted ? 'INTERNAL_ERROR' : reason,
        ERROR_MESSAGE: forbidden ?? 'The target could not be reached',
        RETRY_ATTEMPTS: String(attempts - 1),
        ...(exhausted ? { EXHAUSTED_RETRY_CONDITION: reason } : {}),
      }).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    const deadLetterQueue = this.#context.queues.byArn(target.deadLetterArn ?? '');
    deadLetterQueue?.send(JSON.stringify(event), { attributes });
    this.#record(event, rule, target, deadLetterQueue === undefined ? 'dropped' : 'dead-lettered');
  }

  #record(event: BusEvent, rule: Rule, target: Target, outcome: DeliveryRecord['outcome']): void {
    this.#context.deliveries.push({
      at: this.#context.clock.now(),
      rule: rule.name,
      targetArn: target.arn,
      eventId: event.id,
      outcome,
    });
  }
}
