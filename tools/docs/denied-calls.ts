import { commands } from '../../cli/commands.ts';
import { main } from '../../cli/main.ts';
import type { AnyCommand } from '../../cli/common/command.ts';
import type { Io } from '../../cli/common/io.ts';
import { TAG } from '../../lambda/contract.ts';
import { iamAction } from '../../sandbox/aws/iam/explicit-deny.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { buildProduct } from '../../sandbox/product.ts';
import { LaunchSources } from './denied-calls-launch-sources.ts';

const KEY = 'AKIADENIED';
export const CALLER = 'arn:aws:iam::111122223333:user/kim';
const REGIONS = ['us-east-1', 'eu-west-1'];
const GRANT = ['--for', '3d', '--reason', 'agent X'];

/** Simulated seconds per second: the ping of doctor takes about 20 of them. */
const SCALE = 100;

/** The longest real wait of a command, in simulated milliseconds. A longer one is skipped. */
const LONGEST_WAIT = 2_000;

/** A result of a command line. */
export interface Run {
  readonly exitCode: number;
  /** Standard error, then standard output. */
  readonly lines: readonly string[];
}

/** A command line with one denied action. */
export interface DeniedCall {
  /** Such as `exempt list`. */
  readonly name: string;
  /** The command line, without `imdsv2`. */
  readonly line: string;
  readonly command: Exclude<AnyCommand, { readonly subcommands: unknown }>;
  /** Such as `ec2:DescribeInstances`. */
  readonly action: string;
  /** The only Region in which it is denied; everywhere if absent. */
  readonly region?: string;
  /** With every permission. */
  readonly usual: Run;
  readonly denied: Run;
}

/**
 * Denies every call of every command line, one at a time: everywhere, and in each Region if there are several.
 *
 * The calls are those that a run with every permission makes, so that a new call is denied without a change here.
 */
export async function denyEachCall(): Promise<readonly DeniedCall[]> {
  const account = await Account.start();
  try {
    const results: DeniedCall[] = [];
    for (const args of commandLines(account.ids)) {
      // The second line of doctor adds the ping, which takes long: only its own calls are denied.
      const before = args[0] === 'doctor' ? results.filter(({ name }) => name === 'doctor') : [];
      results.push(...(await account.denyEach(args, new Set(before.map(({ action }) => action)))));
    }
    return results;
  } finally {
    await account.stop();
  }
}

type Ids = Readonly<Record<'nonCompliant' | 'compliant' | 'exempt' | 'elsewhereOnly', string>>;

/** Every command, with the options that add calls. */
const commandLines = ({ nonCompliant, compliant, exempt, elsewhereOnly }: Ids): readonly (readonly string[])[] => [
  ['audit'],
  ['audit', '--regions', 'all'],
  ['audit', '--regions', 'all', '--usage'],
  ['explain', nonCompliant],
  ['explain', elsewhereOnly, '--regions', 'all'],
  ['audit', '--usage', '--callers'],
  ['callers', nonCompliant],
  ['callers', '--launch-source', 'web', '--regions', 'all'],
  ['enforce', '--yes'],
  ['enforce', '--regions', 'all', '--dry-run'],
  ['enforce', '--regions', 'all', '--yes', '--include-unknown', '--hop-limit-at-least', '2', '--wait'],
  ['readiness', '--regions', 'all'],
  ['prevent', 'templates', '--regions', 'all', '--yes', '--set-default'],
  ['prevent', 'defaults', '--regions', 'all', '--yes'],
  ['prevent', 'enforcement', '--regions', 'all', '--yes', '--even-if-not-ready'],
  ['rollback', compliant, '--regions', 'all', ...GRANT, '--yes'],
  ['exempt', 'grant', nonCompliant, '--regions', 'all', ...GRANT],
  ['exempt', 'list', '--regions', 'all'],
  ['exempt', 'revoke', exempt, '--regions', 'all'],
  ['replay', 'README.md'],
  ['doctor', '--no-ping'],
  ['doctor', '--timeout', '600'],
  ['policy'],
  ['regions'],
  ['test-alert', '--yes'],
];

/** A local AWS with the product deployed in audit mode, in which its functions change no instance between two runs. */
class Account {
  public readonly ids: Ids;
  readonly #before = { ...process.env };
  readonly #resets: readonly (() => void)[];

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly launchSources: readonly LaunchSources[],
  ) {
    const launchedAt = new Date('2025-01-01T00:00:00Z');
    const add = (region: string, HttpTokens: string, tags = {}): Instance =>
      sandbox.fleet(region).add({ launchedAt, options: { HttpTokens, HttpPutResponseHopLimit: 1 }, tags });
    const exemption = { [TAG.exemptUntil]: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) };
    const [home = '', other = ''] = REGIONS;
    const web = { 'aws:autoscaling:groupName': 'web' };
    const nonCompliant = add(home, 'optional', web);
    const compliant = add(home, 'required');
    const exempt = add(home, 'optional', exemption);
    const elsewhereOnly = add(other, 'optional', web);
    const call = { userAgent: 'Botocore/1.12.92', service: 'ec2', action: 'DescribeInstances' };
    sandbox.software.add(nonCompliant.id, call);
    sandbox.software.add(elsewhereOnly.id, call, { region: other });
    this.ids = {
      nonCompliant: nonCompliant.id,
      compliant: compliant.id,
      exempt: exempt.id,
      elsewhereOnly: elsewhereOnly.id,
    };
    this.#resets = [nonCompliant, compliant, exempt, elsewhereOnly].map((instance) => {
      const [options, tags] = [instance.options, [...instance.tags]];
      return () => {
        instance.options = options;
        instance.tags.clear();
        for (const [key, value] of tags) instance.tags.set(key, value);
      };
    });
    Object.assign(process.env, sandbox.environment(KEY));
  }

  public static async start(): Promise<Account> {
    const email = { alertEmail: ['security@example.com'], operationsEmail: ['platform@example.com'] };
    const product = await buildProduct({ mode: 'audit', regions: REGIONS, ...email });
    const options = { timeScale: SCALE, pauseWhenOverloaded: true, prewarm: 1, schedules: false };
    const sandbox = await startSandbox({ ...product, ...options });
    for (const name of ['Outcomes', 'Operations']) sandbox.topics.confirm(sandbox.topic(name));
    const launchSources = REGIONS.map((region) => new LaunchSources(sandbox, region));
    for (const one of launchSources) await one.create();
    return new Account(sandbox, launchSources);
  }

  public async stop(): Promise<void> {
    process.env = this.#before;
    for (const one of this.launchSources) one.stop();
    await this.sandbox.stop();
  }

  public async denyEach(args: readonly string[], except: ReadonlySet<string>): Promise<readonly DeniedCall[]> {
    const { calls } = this.sandbox;
    calls.clear();
    const usual = await this.#run(args);
    const regionsByAction = new Map<string, Set<string>>();
    for (const call of calls.all()) {
      if (call.accessKeyId !== KEY) continue;
      const action = iamAction(call);
      regionsByAction.set(action, (regionsByAction.get(action) ?? new Set()).add(call.region));
    }
    const results: DeniedCall[] = [];
    const line = args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ');
    const name = args.slice(0, args[0] === 'exempt' || args[0] === 'prevent' ? 2 : 1).join(' ');
    const command = commandOf(args);
    for (const [action, regions] of regionsByAction) {
      if (except.has(action)) continue;
      for (const region of [undefined, ...(regions.size > 1 ? regions : [])]) {
        const denied = await this.#run(args, action, region);
        results.push({ name, line, command, action, region, usual, denied });
      }
    }
    return results;
  }

  async #run(args: readonly string[], Action?: string, region?: string): Promise<Run> {
    for (const reset of this.#resets) reset();
    if (args[0] === 'prevent') for (const one of this.launchSources) await one.reset();
    // An instance in use would be left out by other commands.
    this.sandbox.usage.set(this.ids.nonCompliant, { callsPerDay: args.includes('--callers') ? 24 : 0 });
    const Condition = region === undefined ? undefined : { StringEquals: { 'aws:RequestedRegion': region } };
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' } as const;
    const deny = Action === undefined ? [] : [{ Effect: 'Deny', Action, Resource: '*', Condition } as const];
    this.sandbox.callers.add(KEY, { arn: CALLER, policies: [allow, ...deny] });
    const [out, notes]: [string[], string[]] = [[], []];
    const exitCode = await main(args, ioOf(this.sandbox, out, notes));
    return { exitCode, lines: [...notes, ...out].flatMap((line) => line.split('\n')) };
  }
}

/** An `Io` on the simulated clock, without a terminal. */
const ioOf = ({ clock }: Sandbox, out: string[], notes: string[]): Io => ({
  out: (line) => void out.push(line),
  verbatim: (line) => void out.push(line),
  note: (line) => void notes.push(line),
  progress: () => undefined,
  style: (_, text) => text,
  // Nothing is broken into lines, so that a line has all that a sentence says.
  columns: 1000,
  confirm: () => Promise.resolve(undefined),
  ask: () => Promise.resolve(undefined),
  env: process.env,
  now: () => new Date(clock.now()),
  sleep: (milliseconds) => clock.sleep(Math.min(milliseconds, LONGEST_WAIT)),
  random: () => 0.5,
  interrupted: new AbortController().signal,
});

function commandOf([name, ...rest]: readonly string[], among = commands): DeniedCall['command'] {
  const command = among.find((one) => one.name === name);
  if (command === undefined) throw new Error(`no command ${name}`);
  return 'subcommands' in command ? commandOf(rest, command.subcommands) : command;
}
