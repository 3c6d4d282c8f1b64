import type { Activity } from '../simulation/activity.ts';
import type { CallLog } from '../simulation/call-log.ts';
import type { Caller, Callers } from '../simulation/callers.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Faults, FaultyCall } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError, ConnectionReset, NoAnswer } from './errors.ts';
import { type Params, text } from './params.ts';
import type { Wire } from './xml.ts';

/** A call on its way to a service. */
export interface ApiCall {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly params: Params;
  readonly accessKeyId: string;
  readonly caller: Caller;
  readonly userAgent: string;
  readonly requestId: string;
  /** Simulated milliseconds when the call came in. */
  readonly at: number;
}

/** What a caller says; the gateway adds the rest. */
export type ApiRequest = Pick<ApiCall, 'service' | 'action' | 'region' | 'params' | 'accessKeyId' | 'userAgent'>;

/** A service of the local AWS. Refuses by throwing an `ApiError`. */
export interface Service {
  handle(call: ApiCall): Promise<Wire> | Wire;
}

/** Knows which function invocation an access key belongs to, and whether that invocation lives to see an answer. */
export interface CallObserver {
  invocationOf(accessKeyId: string): string | undefined;
  /** Called when a call was carried out. `false`: the caller is gone, or will never see the answer. */
  answered(accessKeyId: string): boolean;
}

const THROTTLE: Record<string, [code: string, status: number]> = {
  // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
  ec2: ['RequestLimitExceeded', 503],
  sns: ['Throttled', 429],
  cloudformation: ['Throttling', 400],
  lambda: ['TooManyRequestsException', 429],
};

/** What services answer where the account is not enabled: its credentials are not known there. */
const UNKNOWN_THERE: Record<string, [code: string, status: number]> = {
  ec2: ['AuthFailure', 401],
  sns: ['InvalidClientTokenId', 403],
  sqs: ['InvalidClientTokenId', 403],
  sts: ['InvalidClientTokenId', 403],
  cloudformation: ['InvalidClientTokenId', 403],
};

/** The one door to all services: faults, the call log, and the fate of the calling function are dealt with here. */
export class Gateway {
  public observer: CallObserver | undefined;
  readonly #services: Readonly<Record<string, Service>>;
  readonly #regions: ReadonlySet<string>;
  readonly #room: Room;
  readonly #attempts = new Map<string, number>();

  public constructor(services: Readonly<Record<string, Service>>, regions: readonly string[], room: Room) {
    this.#services = services;
    this.#regions = new Set(regions);
    this.#room = room;
  }

  public async call(request: ApiRequest): Promise<{ requestId: string; result: Wire }> {
    const { activity, clock, ids, callers, log, faults } = this.#room;
    const end = activity.work(`${request.service} ${request.action}`);
    const requestId = ids.uuid('request');
    const call: ApiCall = { ...request, requestId, caller: callers.of(request.accessKeyId), at: clock.now() };
    const invocation = this.observer?.invocationOf(request.accessKeyId);
    const note = (outcome: string) => {
      const { service, action, region, params, accessKeyId, at } = call;
      log.add({
        at,
        service,
        action,
        region,
        params,
        accessKeyId,
        caller: call.caller.arn,
        invocation,
        requestId,
        outcome,
      });
    };
    const faulty = this.#faulty(call, invocation);
    const reset = faults.resets(faulty);
    try {
      await clock.sleep(faults.slows(faulty));
      if (reset === 'before') throw new ConnectionReset();
      const result = await this.#handle(call, faulty);
      if (reset === 'after') throw new ConnectionReset();
      note('ok');
      this.#deliver(request.accessKeyId);
      return { requestId, result };
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      note(error instanceof ApiError ? error.code : 'reset');
      if (error instanceof ApiError) Object.assign(error, { requestId });
      this.#deliver(request.accessKeyId);
      throw error;
    } finally {
      end();
    }
  }

  #deliver(accessKeyId: string): void {
    if (this.observer?.answered(accessKeyId) === false) throw new NoAnswer();
  }

  async #handle(call: ApiCall, faulty: FaultyCall): Promise<Wire> {
    const { faults } = this.#room;
    const [code, status] = THROTTLE[call.service] ?? ['ThrottlingException', 400];
    if (!this.#regions.has(call.region)) {
      const [refusal, withStatus] = UNKNOWN_THERE[call.service] ?? ['UnrecognizedClientException', 400];
      throw new ApiError(refusal, `Region ${call.region} is not enabled for this account`, withStatus);
    }
    if (faults.throttles(faulty)) throw new ApiError(code, 'Request limit exceeded.', status);
    const failure = faults.fails(faulty);
    if (failure !== undefined) {
      throw new ApiError(failure, 'An internal error has occurred', failure === 'Unavailable' ? 503 : 500);
    }
    const service = this.#services[call.service];
    if (service === undefined) throw new ApiError('InvalidAction', `The local AWS has no service ${call.service}`, 404);
    return service.handle(call);
  }

  #faulty(call: ApiCall, invocation: string | undefined): FaultyCall {
    const { service, action, region, params, accessKeyId } = call;
    const key = keyOf(params);
    const counter = `${region} ${service} ${action} ${key}`;
    const attempt = (this.#attempts.get(counter) ?? 0) + 1;
    this.#attempts.set(counter, attempt);
    return { service, action, region, key, attempt, params, accessKeyId, invocation };
  }
}

/** What the gateway works with. */
export interface Room {
  readonly activity: Activity;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly callers: Callers;
  readonly log: CallLog;
  readonly faults: Faults;
}

const KEY_LENGTH = 16;

function keyOf(params: Params): string {
  return (
    text(params, 'InstanceId') ??
    text(params, 'ClientToken') ??
    text(params, 'TopicArn') ??
    text(params, 'QueueUrl') ??
    hexOf(KEY_LENGTH, JSON.stringify(params))
  );
}
