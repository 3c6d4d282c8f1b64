import { DescribeRegionsCommand, EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Time } from '../../lambda/app/ports.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { unlogged } from '../../lambda/adapters/clients.ts';
import { failing, toFailure } from '../../lambda/adapters/failures.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { REGION } from '../../lambda/core/target.ts';
import { Attention } from './attention.ts';
import { type OptionSpec, UsageError } from './command.ts';
import type { Io } from './io.ts';

/** What the options of `AWS_OPTIONS` and `REGIONS_OPTION` give. */
export interface AwsOptions {
  readonly profile?: string;
  readonly region?: string;
  /** Absent: the one region of `--region` or of the environment. */
  readonly regions?: readonly string[] | 'all';
}

/** For every command that speaks to AWS. */
export const AWS_OPTIONS: readonly OptionSpec[] = [
  { flags: '--profile <name>', description: 'profile of ~/.aws/config; default: AWS_PROFILE' },
  { flags: '--region <name>', description: 'region; default: AWS_REGION, or that of the profile', read: toRegion },
];

/** For every command that works on several regions at once. */
export const REGIONS_OPTION: OptionSpec = {
  flags: '--regions <names>',
  description: 'regions with commas between them, or all that are enabled in the account',
  read: (text) => (text === 'all' ? text : text.split(',').map((name) => toRegion(name.trim()))),
};

function toRegion(text: string): string {
  if (REGION.test(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is not a region; accepted: names such as eu-west-1`);
}

/** A call that hangs must not keep people waiting. */
const REQUESTS = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/** The AWS account as the options and the environment name it. Clients are made when first needed, and kept. */
export class Aws {
  readonly #options: AwsOptions;
  readonly #io: Io;
  readonly #clients = new Map<string, EC2Client>();
  readonly #attention = new Map<string, Attention>();
  #throttled = 0;

  public constructor(options: AwsOptions, io: Io) {
    this.#options = options;
    this.#io = io;
  }

  /** For clients of other services. `maxAttempts` is 3 there; EC2 clients make one, for `withRetries` tries again. */
  public config(region: string): Pick<EC2ClientConfig, 'profile' | 'requestHandler'> & { region: string } {
    return { region, profile: this.#options.profile, requestHandler: REQUESTS };
  }

  /** The client of a region. */
  public readonly ec2 = (region: string): EC2Client => {
    const known = this.#clients.get(region);
    if (known !== undefined) return known;
    const client = unlogged(new EC2Client({ ...this.config(region), maxAttempts: 1 }));
    client.middlewareStack.add(
      (next) => async (args) => {
        try {
          return await this.#attentionTo(region).listen(() => next(args));
        } catch (error) {
          if (toFailure(error).kind === 'throttled') this.#sayThrottled(region);
          throw error;
        }
      },
      { step: 'finalizeRequest', name: 'sayWhatEc2Does' },
    );
    this.#clients.set(region, client);
    return client;
  };

  /**
   * The clock of a command on one region: nothing new is begun any more once EC2 has been silent there for too long.
   *
   * @param patience as in `cliTime`.
   */
  public time(region: string, patience?: number): Time {
    return this.#attentionTo(region).within(cliTime(this.#io, patience));
  }

  /** How many calls EC2 has throttled so far. */
  public get throttled(): number {
    return this.#throttled;
  }

  /**
   * The region of `--region`, the environment or the profile.
   *
   * @throws UsageError if none of them says.
   */
  public async home(): Promise<string> {
    if (this.#options.region !== undefined) return this.#options.region;
    try {
      return await new EC2Client({ profile: this.#options.profile }).config.region();
    } catch {
      throw new UsageError('no region: give --region, or set AWS_REGION');
    }
  }

  /** The regions to work on; for `all` those that are enabled in the account. */
  public async regions(): Promise<readonly string[]> {
    const { regions } = this.#options;
    if (regions === undefined) return [await this.home()];
    return regions === 'all' ? this.enabledRegions() : regions;
  }

  /** Every region that is enabled in the account. Needs `ec2:DescribeRegions`. */
  public async enabledRegions(): Promise<readonly string[]> {
    const home = await this.home();
    const call = () => failing(this.ec2(home).send(new DescribeRegionsCommand({})));
    const { Regions = [] } = await withRetries(call, this.time(home));
    return Regions.flatMap(({ RegionName = [] }) => RegionName).toSorted();
  }

  /** The twelve digits of the account whose credentials are used. */
  public async account(): Promise<string> {
    const requestHandler = { ...REQUESTS, requestTimeout: 10_000 };
    const client = new STSClient({ ...this.config(await this.home()), requestHandler, maxAttempts: 2 });
    const { Account = '' } = await failing(client.send(new GetCallerIdentityCommand({})));
    return Account;
  }

  #attentionTo(region: string): Attention {
    const attention = this.#attention.get(region) ?? new Attention(region, this.#io);
    this.#attention.set(region, attention);
    return attention;
  }

  #sayThrottled(region: string): void {
    this.#throttled += 1;
    if (this.#throttled === 1)
      this.#io.note(`EC2 throttles calls in ${region}: they are tried again, which takes longer.`);
  }
}

const LAST = 8.64e15;

/**
 * The clock of a command: nothing new is begun after somebody presses Ctrl-C.
 *
 * @param patience milliseconds after which nothing is begun either; by default there is no such limit.
 */
export function cliTime(io: Io, patience = LAST): Time {
  const end = Math.min(LAST, io.now().getTime() + patience);
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
