import type { CallObserver } from '../wire/gateway.ts';
import type { Params } from '../wire/params.ts';
import type { Activity } from '../simulation/activity.ts';
import type { Callers } from '../simulation/callers.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import { ExecutionEnvironment, exitError } from './environment.ts';
import type { FunctionSettings, Invocation, InvocationRecord, InvocationResult, LogLine } from './function.ts';

/** What the functions of an account depend on. */
export interface HostContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly callers: Callers;
  readonly faults: Faults;
  readonly activity: Activity;
  readonly endpoint: string;
  readonly invocations: InvocationRecord[];
  readonly logLines: LogLine[];
  /**
   * Concurrent execution environments of one function. Further invocations wait.
   */
  readonly maxConcurrency: number;
}

type Crash = ReturnType<Faults['crashes']>;

/** Runs one function in worker threads, from the file that would be deployed. */
export class FunctionHost implements CallObserver {
  public readonly settings: FunctionSettings;
  readonly #context: HostContext;
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #byKey = new Map<
    string,
    { environment: ExecutionEnvironment; calls: number; crash: Crash; hung: boolean }
  >();
  readonly #waiting: (() => void)[] = [];
  /** Reserved concurrency; absent if none is reserved. */
  public reserved: number | undefined;
  #running = 0;
  #replacesEnded = false;
  #stopped = false;

  public constructor(settings: FunctionSettings, context: HostContext) {
    this.settings = settings;
    this.#context = context;
  }

  /** Starts warm environments. From now on an environment that ends is replaced. */
  public async prewarm(count: number): Promise<void> {
    this.#replacesEnded = count > 0;
    const environments = Array.from({ length: count }, () => this.#start());
    await Promise.all(environments.map((environment) => environment.warm()));
    this.#idle.push(...environments);
  }

  /** Invokes the function and waits for the result. */
  public async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { clock, faults, invocations, maxConcurrency, activity } = this.#context;
    const end = activity.beginWork(`invocation of ${this.settings.name}`);
    if (this.#running >= maxConcurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    if (this.#stopped) {
      this.#waiting.shift()?.();
      end();
      return { ok: false, error: exitError(invocation, 1) };
    }
    const { requestId, key, messages, attempt } = invocation;
    const functionName = this.settings.name;
    if (faults.isThrottled({ functionName, requestId, key, messages, attempt })) {
      this.#leave();
      end();
      return { ok: false, error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' } };
    }
    const environment = this.#takeIdle() ?? this.#start();
    const crash = faults.crashes({ functionName, requestId, key, messages, attempt });
    const live = { environment, calls: 0, crash, hung: false };
    this.#byKey.set(environment.accessKeyId, live);
    const startedAt = clock.now();
    const coldStart = environment.coldStart;
    if (crash?.afterCalls === 0 && crash.how === 'exit') environment.kill(exitError(invocation, 1));
    const result = await environment.run(invocation);
    this.#byKey.delete(environment.accessKeyId);
    if (environment.endedBy === undefined) this.#idle.push(environment);
    else if (this.#replacesEnded) this.#idle.push(this.#start());
    const endedAt = clock.now();
    invocations.push({ ...invocation, functionName, coldStart, startedAt, endedAt, calls: live.calls, result });
    this.#leave();
    end();
    return result;
  }

  /** Lets the next invocation begin. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }

  public invocationOf(accessKeyId: string): string | undefined {
    return this.#byKey.get(accessKeyId)?.environment.current?.requestId;
  }

  public answered(accessKeyId: string, params: Params): boolean {
    const live = this.#byKey.get(accessKeyId);
    if (live === undefined) return true;
    live.calls++;
    const { crash, environment } = live;
    const request = JSON.stringify(params);
    const isDue = crash?.naming?.some((id) => request.includes(id)) ?? true;
    if (crash !== undefined && live.calls >= crash.afterCalls && isDue) {
      live.hung = true;
      if (crash.how === 'exit') environment.kill(exitError(environment.current, 1));
    }
    return !live.hung;
  }

  /** Ends the environments that are idle: the next invocation starts with the current settings. */
  public async restart(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((environment) => environment.stop()));
  }

  /** Ends all environments and prevents new ones. */
  public async stop(): Promise<void> {
    this.#stopped = true;
    this.#replacesEnded = false;
    const live = [...this.#byKey.values()].map(({ environment }) => environment);
    await Promise.all([...this.#idle, ...live].map((environment) => environment.stop()));
  }

  /** An idle environment. One that ended while idle (for example by an unhandled rejection) is dropped. */
  #takeIdle(): ExecutionEnvironment | undefined {
    let environment = this.#idle.pop();
    while (environment?.endedBy !== undefined) environment = this.#idle.pop();
    return environment;
  }

  #start(): ExecutionEnvironment {
    const { callers, clock, endpoint, ids, logLines } = this.#context;
    const { settings } = this;
    const { name, roleArn } = settings;
    const accessKeyId = `ASIA${ids.hex('function credentials', 16).toUpperCase()}`;
    // Read at every call, because policies may change while the function runs.
    callers.add(accessKeyId, {
      arn: roleArn,
      get policies() {
        return settings.policies?.(roleArn);
      },
    });
    const onLine = (text: string, requestId: string | undefined) =>
      logLines.push({ at: clock.now(), functionName: name, requestId, text });
    return new ExecutionEnvironment(this.settings, accessKeyId, { clock, endpoint, onLine });
  }
}
