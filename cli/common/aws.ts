import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient, ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { FleetReader, Time } from '../../lambda/app/ports/index.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { byRegion, unlogged, withoutUnknown } from '../../lambda/adapters/clients.ts';
import { withPageReader } from '../../lambda/adapters/describe-instances-reader.ts';
import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import { failing, toFailure } from '../../lambda/adapters/failures.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { REGION } from '../../lambda/core/target.ts';
import { clean } from '../../lambda/core/text.ts';
import { type OptionSpec, refuse, UsageError } from './command.ts';
import { type ClientConfig, Connections } from './connections.ts';
import { explainError, isDenied } from './errors.ts';
import type { Io } from './io.ts';
import { RegionTimeout } from './region-timeout.ts';

/** The values of `AWS_OPTIONS` and `REGIONS_OPTION`. */
export interface AwsOptions {
  readonly profile?: string;
  readonly region?: string;
  /** @default the one Region of `--region`, the environment or the profile */
  readonly regions?: readonly string[] | 'all';
}

/** Options of every command that calls AWS. */
export const AWS_OPTIONS: readonly OptionSpec[] = [
  { flags: '--profile <name>', description: 'profile in ~/.aws/config (default: AWS_PROFILE)' },
  {
    flags: '--region <name>',
    description: 'AWS Region (default: AWS_REGION, or the Region of the profile)',
    read: toRegion,
  },
];

/** Option of every command that works on several Regions. */
export const REGIONS_OPTION: OptionSpec = {
  flags: '--regions <names>',
  description: 'comma-separated Regions, or "all" for every Region enabled in the account',
  read: (text) => (text === 'all' ? text : text.split(',').map((name) => toRegion(name.trim()))),
};

function toRegion(text: string): string {
  return REGION.test(text) ? text : refuse(text, 'a Region', 'names such as eu-west-1');
}

/** Whose credentials a command uses. */
export interface Caller {
  readonly account: string;
  readonly callerArn: string;
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html */
const MAX_ARN = 2048;

/** Milliseconds until a command goes on without the alias of the account. */
const ALIAS_TIMEOUT = 3_000;

/** The AWS account that options and environment select. Clients are created on first use. */
export class Aws {
  /** Number of calls that EC2 has throttled so far. */
  public throttled = 0;
  readonly #timeoutOf = byRegion((region) => new RegionTimeout(region, this.io));

  readonly #connections: Connections;

  public constructor(
    private readonly options: AwsOptions,
    private readonly io: Io,
  ) {
    this.#connections = new Connections(io, options.profile);
  }

  /** Configuration of any client. EC2 clients do not retry, because `withRetries` does. */
  public config(region: string): ClientConfig {
    return this.#connections.config(region);
  }

  /** The EC2 client of a Region. */
  public readonly ec2 = byRegion((region): EC2Client => {
    const client = withPageReader(withoutUnknown(unlogged(new EC2Client({ ...this.config(region), maxAttempts: 1 }))));
    client.middlewareStack.add(this.#observing(region, 'ec2'), OBSERVING);
    return client;
  });

  /** The Auto Scaling client of a Region. */
  public readonly autoScaling = byRegion((region): AutoScalingClient => {
    const client = unlogged(new AutoScalingClient({ ...this.config(region), maxAttempts: 1 }));
    client.middlewareStack.add(this.#observing(region, 'autoscaling'), OBSERVING);
    return client;
  });

  /** Lists the instances of a Region. */
  public readonly fleet: FleetReader = ec2Fleet(this.ec2);

  /**
   * The clock of a command on one Region, whose deadline ends retries if EC2 does not respond.
   *
   * @param timeout as in `cliTime`.
   */
  public time(region: string, timeout?: number): Time {
    return this.#timeoutOf(region).limit(cliTime(this.io, timeout));
  }

  /**
   * The Region of `--region`, the environment or the profile.
   *
   * @throws UsageError if none of them names one.
   */
  public async home(): Promise<string> {
    const region = this.options.region ?? (await this.#connections.region());
    if (region === undefined) throw new UsageError('no region: use --region, or set AWS_REGION');
    return region;
  }

  /** The Regions of `--regions`, each once; without it, `home()`. */
  public async regions(): Promise<readonly string[]> {
    const { regions } = this.options;
    if (regions === undefined) return [await this.home()];
    if (regions !== 'all') return [...new Set(regions)];
    try {
      return await this.enabledRegions();
    } catch (error) {
      if (!isDenied(error)) throw error;
      throw new UsageError(`${explainError(error)}; without it, accepted for --regions: names of Regions`);
    }
  }

  /** Every Region that is enabled in the account. Needs `ec2:DescribeRegions`. */
  public async enabledRegions(): Promise<readonly string[]> {
    const home = await this.home();
    const call = () => failing(this.ec2(home).send(new DescribeRegionsCommand({})));
    const { Regions = [] } = await withRetries(call, this.time(home));
    return Regions.flatMap(({ RegionName = [] }) => RegionName).toSorted();
  }

  /** Middleware that observes whether a Region responds, counts throttled calls, and names actions that are denied. */
  #observing(region: string, service: keyof typeof NAMES) {
    return <Args, Result>(
        next: (args: Args) => Promise<Result>,
        { commandName = '' }: { readonly commandName?: string },
      ) =>
      async (args: Args): Promise<Result> => {
        try {
          return await this.#timeoutOf(region).observe(() => next(args));
        } catch (error) {
          if (toFailure(error).kind === 'throttled') {
            this.throttled += 1;
            if (this.throttled === 1)
              this.io.note(`${NAMES[service]} throttles calls in ${region}; retrying, which takes longer.`);
          }
          throw isDenied(error) ? naming(`${service}:${commandName.replace(/Command$/, '')}`, error) : error;
        }
      };
  }

  /** The account id of the credentials in use. */
  public async account(): Promise<string> {
    return (await this.caller()).account;
  }

  /** The account id and the ARN of the credentials in use. */
  public async caller(): Promise<Caller> {
    const client = new STSClient({ ...this.config(await this.home()), maxAttempts: 2 });
    const call = client.send(new GetCallerIdentityCommand({}), { requestTimeout: 10_000 });
    const { Account = '', Arn = '' } = await failing(call);
    return { account: Account, callerArn: clean(Arn, MAX_ARN) };
  }

  /**
   * The alias of the account; `undefined` if it has none, or does not answer: private networks have no endpoint for IAM.
   *
   * @throws FailureError if the call is denied.
   */
  public async alias(): Promise<string | undefined> {
    const client = new IAMClient({ ...this.config(await this.home()), maxAttempts: 1 });
    const abortSignal = AbortSignal.timeout(ALIAS_TIMEOUT);
    const call = await attempt(() => failing(client.send(new ListAccountAliasesCommand({}), { abortSignal })));
    if (!(call instanceof FailureError)) return call.AccountAliases?.map((alias) => clean(alias)).at(0);
    if (isDenied(call)) throw call;
    return undefined;
  }
}

/**
 * Names the action in the message of an error, if EC2 has not: it may send only an encoded message.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
 */
function naming(action: string, error: unknown): unknown {
  if (error instanceof Error && !error.message.includes(action))
    error.message = `The caller is not authorized to perform: ${action}. ${error.message}`;
  return error;
}

const NAMES = { ec2: 'EC2', autoscaling: 'Auto Scaling' };

/** After the request is complete, and before it is sent. */
const OBSERVING = { step: 'finalizeRequest', name: 'observeResponses' } as const;

/** The latest time that a Date can have. */
const NEVER = 8.64e15;

/**
 * The clock of a command: its deadline has passed once Ctrl-C is pressed.
 *
 * @param timeout milliseconds until the deadline; by default there is none.
 */
export function cliTime(io: Io, timeout = NEVER): Time {
  const end = Math.min(NEVER, io.now().getTime() + timeout);
  return {
    now: () => io.now(),
    random: () => io.random(),
    sleep: async (milliseconds) => {
      try {
        if (milliseconds > 0) await io.sleep(milliseconds);
      } catch (error) {
        if (!io.interrupted.aborted) throw error;
        throw new FailureError('deadline', 'interrupted', { cause: error });
      }
    },
    get deadline() {
      return new Date(io.interrupted.aborted ? 0 : end);
    },
  };
}
