import { refuseDenied } from '../iam/explicit-deny.ts';
import type { Activity } from '../simulation/activity.ts';
import type { CallLog } from '../simulation/call-log.ts';
import type { Caller, Callers } from '../simulation/callers.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Faults, FaultyCall } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError, ConnectionReset, NoAnswer } from './errors.ts';
import { type Params, text } from './params.ts';
import type { ResponseValue } from './xml.ts';

/** An API call to a service. */
export interface ApiCall {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly params: Params;
  readonly accessKeyId: string;
  readonly caller: Caller;
  readonly userAgent: string;
  readonly requestId: string;
  /** When the call was received; simulated milliseconds since 1970. */
  readonly at: number;
}

/** What a caller provides. The gateway adds the other fields of the call. */
export type ApiRequest = Pick<ApiCall, 'service' | 'action' | 'region' | 'params' | 'accessKeyId' | 'userAgent'>;

/** A service of the local AWS. It throws an `ApiError` to refuse a call. */
export interface Service {
  handle(call: ApiCall): Promise<ResponseValue> | ResponseValue;
}

/** Relates calls to function invocations. */
export interface CallObserver {
  /** Request id of the invocation that uses an access key. */
  invocationOf(accessKeyId: string): string | undefined;
  /** Called after a call was carried out. @returns whether the caller still runs and can receive the response. */
  answered(accessKeyId: string, params: Params): boolean;
}

const THROTTLE: Record<string, [code: string, status: number]> = {
  // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
  ec2: ['RequestLimitExceeded', 503],
  sns: ['Throttled', 429],
  cloudformation: ['Throttling', 400],
  autoscaling: ['Throttling', 400],
  lambda: ['TooManyRequestsException', 429],
};

/** Errors in a region that is not enabled for the account, where its credentials are unknown. */
const REGION_NOT_ENABLED: Record<string, [code: string, status: number]> = {
  ec2: ['AuthFailure', 401],
  sns: ['InvalidClientTokenId', 403],
  sqs: ['InvalidClientTokenId', 403],
  sts: ['InvalidClientTokenId', 403],
  cloudformation: ['InvalidClientTokenId', 403],
  autoscaling: ['InvalidClientTokenId', 403],
};

/** Services without regions. */
const GLOBAL = new Set(['iam']);

/** The single entry point of all services. It injects faults, logs calls and crashes calling functions. */
export class Gateway {
  public observer: CallObserver | undefined;
  readonly #services: Readonly<Record<string, Service>>;
  readonly #regions: ReadonlySet<string>;
  readonly #context: GatewayContext;
  readonly #attempts = new Map<string, number>();

  public constructor(services: Readonly<Record<string, Service>>, regions: readonly string[], context: GatewayContext) {
    this.#services = services;
    this.#regions = new Set(regions);
    this.#context = context;
  }

  public async call(request: ApiRequest): Promise<{ requestId: string; result: ResponseValue }> {
    const { activity, clock, ids, callers, log, faults } = this.#context;
    const end = activity.beginWork(`${request.service} ${request.action}`);
    const requestId = ids.uuid('request');
    const call: ApiCall = { ...request, requestId, caller: callers.of(request.accessKeyId), at: clock.now() };
    const invocation = this.observer?.invocationOf(request.accessKeyId);
    const logCall = (outcome: string) => {
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
      logCall('ok');
      this.#checkCaller(request);
      return { requestId, result };
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      logCall(error instanceof ApiError ? error.code : 'reset');
      if (error instanceof ApiError) Object.assign(error, { requestId });
      this.#checkCaller(request);
      throw error;
    } finally {
      end();
    }
  }

  /** @throws NoAnswer if the caller ended or must not receive a response. */
  #checkCaller({ accessKeyId, params }: ApiRequest): void {
    if (this.observer?.answered(accessKeyId, params) === false) throw new NoAnswer();
  }

  async #handle(call: ApiCall, faulty: FaultyCall): Promise<ResponseValue> {
    const { faults } = this.#context;
    const [code, status] = THROTTLE[call.service] ?? ['ThrottlingException', 400];
    if (!this.#regions.has(call.region) && !GLOBAL.has(call.service)) {
      const [errorCode, httpStatus] = REGION_NOT_ENABLED[call.service] ?? ['UnrecognizedClientException', 400];
      throw new ApiError(errorCode, `Region ${call.region} is not enabled for this account`, httpStatus);
    }
    if (faults.throttles(faulty)) throw new ApiError(code, 'Request limit exceeded.', status);
    const failure = faults.fails(faulty);
    if (failure !== undefined) {
      throw new ApiError(failure, 'An internal error has occurred', failure === 'Unavailable' ? 503 : 500);
    }
    const service = this.#services[call.service];
    if (service === undefined) throw new ApiError('InvalidAction', `The local AWS has no service ${call.service}`, 404);
    if (call.service !== 'ec2') refuseDenied(call);
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

/** What the gateway depends on. */
export interface GatewayContext {
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
