import type { CallObserver } from '../wire/gateway.ts';
import type { Activity } from '../simulation/activity.ts';
import type { Callers } from '../simulation/callers.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import { ExecutionEnvironment, exitError } from './environment.ts';
import type { FunctionSettings, Invocation, InvocationRecord, InvocationResult, LogLine } from './function.ts';

/** What the functions of an account share. */
export interface HostRoom {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly callers: Callers;
  readonly faults: Faults;
  readonly activity: Activity;
  readonly endpoint: string;
  readonly invocations: InvocationRecord[];
  readonly lines: LogLine[];
  /** Execution environments of one function at a time; others wait, as events do in Lambda's own queue. */
  readonly maxConcurrency: number;
}

type Crash = ReturnType<Faults['crashes']>;

/** Runs one function: the very file that would be deployed, in worker threads. */
export class FunctionHost implements CallObserver {
  public readonly settings: FunctionSettings;
  readonly #room: HostRoom;
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #byKey = new Map<
    string,
    { environment: ExecutionEnvironment; calls: number; crash: Crash; hung: boolean }
  >();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #keepsWarm = false;
  #stopped = false;

  public constructor(settings: FunctionSettings, room: HostRoom) {
    this.settings = settings;
    this.#room = room;
  }

  /** Starts environments ahead of need, waits until they are loaded, and from now on replaces those that die. */
  public async prewarm(count: number): Promise<void> {
    this.#keepsWarm = count > 0;
    const environments = Array.from({ length: count }, () => this.#start());
    await Promise.all(environments.map((environment) => environment.warm()));
    this.#idle.push(...environments);
  }

  /** Invokes and waits for the end, whatever it is. */
  public async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { clock, faults, invocations, maxConcurrency, activity } = this.#room;
    const end = activity.work(`invocation of ${this.settings.name}`);
    if (this.#running >= maxConcurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    if (this.#stopped) {
      this.#waiting.shift()?.();
      end();
      return { ok: false, error: exitError(invocation, 1) };
    }
    const { requestId, key, attempt } = invocation;
    const environment = this.#warm() ?? this.#start();
    const functionName = this.settings.name;
    const crash = faults.crashes({ functionName, requestId, key, attempt });
    const live = { environment, calls: 0, crash, hung: false };
    this.#byKey.set(environment.accessKeyId, live);
    const startedAt = clock.now();
    const coldStart = environment.coldStart;
    if (crash?.afterCalls === 0 && crash.how === 'exit') environment.kill(exitError(invocation, 1));
    const result = await environment.run(invocation);
    this.#byKey.delete(environment.accessKeyId);
    if (environment.death === undefined) this.#idle.push(environment);
    else if (this.#keepsWarm) this.#idle.push(this.#start());
    const endedAt = clock.now();
    invocations.push({ ...invocation, functionName, coldStart, startedAt, endedAt, calls: live.calls, result });
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
    end();
    return result;
  }

  public invocationOf(accessKeyId: string): string | undefined {
    return this.#byKey.get(accessKeyId)?.environment.current?.requestId;
  }

  public answered(accessKeyId: string): boolean {
    const live = this.#byKey.get(accessKeyId);
    if (live === undefined) return true;
    live.calls++;
    const { crash, environment } = live;
    if (crash !== undefined && live.calls >= crash.afterCalls) {
      live.hung = true;
      if (crash.how === 'exit') environment.kill(exitError(environment.current, 1));
    }
    return !live.hung;
  }

  /** Ends all environments, and starts none any more. */
  public async stop(): Promise<void> {
    this.#stopped = true;
    this.#keepsWarm = false;
    const live = [...this.#byKey.values()].map(({ environment }) => environment);
    await Promise.all([...this.#idle, ...live].map((environment) => environment.stop()));
  }

  /** An environment at rest. One that died there (an unhandled rejection after its answer, say) is dropped. */
  #warm(): ExecutionEnvironment | undefined {
    let environment = this.#idle.pop();
    while (environment?.death !== undefined) environment = this.#idle.pop();
    return environment;
  }

  #start(): ExecutionEnvironment {
    const { callers, clock, endpoint, ids, lines } = this.#room;
    const { name, roleArn, policies } = this.settings;
    const accessKeyId = `ASIA${ids.hex('function credentials', 16).toUpperCase()}`;
    callers.add(accessKeyId, { arn: roleArn, policies });
    const onLine = (text: string, requestId: string | undefined) =>
      lines.push({ at: clock.now(), functionName: name, requestId, text });
    return new ExecutionEnvironment(this.settings, accessKeyId, { clock, endpoint, onLine });
  }
}
