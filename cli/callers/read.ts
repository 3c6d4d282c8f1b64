import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import pMap from 'p-map';
import { byRegion, unlogged } from '../../lambda/adapters/clients.ts';
import { cloudTrailCallers } from '../../lambda/adapters/cloudtrail-callers.ts';
import { readNatGateways } from '../../lambda/adapters/ec2-nat-gateways.ts';
import { type CallHistory, CallLookups } from '../../lambda/app/look-up-calls.ts';
import type { CallHistoryReader, Time } from '../../lambda/app/ports/index.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { type Caller, callersOf, usedImdsv1 } from '../../lambda/core/callers/callers.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { NOT_VISIBLE, REGIONS_AT_ONCE } from '../audit/read.ts';
import { type Aws, cliTime } from '../common/aws.ts';
import { adviceOn, explainError, isDenied } from '../common/errors.ts';
import type { Io } from '../common/io.ts';

/** An instance whose callers are looked up. */
export interface Subject {
  readonly region: string;
  readonly instanceId: string;
  /** Absent if EC2 does not return the instance, which may be terminated. */
  readonly snapshot?: Snapshot;
}

/** The software on an instance that called AWS with credentials of IMDSv1. */
export interface InstanceCallers extends Subject {
  readonly callers: readonly Caller[];
  /** Number of calls that were read, and of those with credentials of IMDSv1. */
  readonly calls: number;
  readonly imdsv1Calls: number;
  /** Why older calls, or all, are missing. */
  readonly incomplete?: string;
  /** Why NAT gateways could not be read: no source address is then called unexplained. */
  readonly natProblem?: string;
  /** Why calls could not be looked up. */
  readonly failure?: FailureError;
}

/** Most lookups of a command: they take five minutes. */
export const LOOKUPS = 300;

/** Milliseconds after which lookups of an instance are not retried. */
const TIMEOUT = 120_000;

/** Looks up the callers of instances in the event history of their Regions. */
export class CallerReader {
  readonly #lookups: CallLookups;
  readonly #throttled = new Set<string>();
  readonly #natGateways = byRegion((region) => this.#readNatGateways(region));

  /** @param limits most lookups in all, and milliseconds after which those of an instance are not retried. */
  public constructor(
    private readonly aws: Aws,
    private readonly io: Io,
    private readonly limits: { readonly lookups?: number; readonly timeout?: number } = {},
  ) {
    const client = (region: string) => unlogged(new CloudTrailClient({ ...aws.config(region), maxAttempts: 1 }));
    this.#lookups = new CallLookups(this.#reporting(cloudTrailCallers(byRegion(client))), limits.lookups ?? LOOKUPS);
  }

  /** The callers of an instance. A failure is in the result. */
  public async of(subject: Subject, mostPages?: number): Promise<InstanceCallers> {
    const { region, instanceId, snapshot } = subject;
    const history = await this.#lookups.of(region, instanceId, this.#time(), mostPages);
    const used = history.calls.filter(usedImdsv1);
    const gateways = used.length > 0 ? await this.#natGateways(region) : undefined;
    const network = {
      instance: snapshot && { addresses: snapshot.publicAddresses ?? [], startedAt: snapshot.launchTime },
      natGateways: gateways instanceof FailureError ? undefined : gateways,
    };
    return {
      ...subject,
      callers: callersOf(used, subject, network),
      calls: history.calls.length,
      imdsv1Calls: used.length,
      incomplete: incompleteNote(history, this.io, mostPages),
      natProblem: gateways instanceof FailureError ? notRead(gateways) : undefined,
      failure: history.missing instanceof FailureError ? history.missing : undefined,
    };
  }

  #time(): Time {
    return cliTime(this.io, this.limits.timeout ?? TIMEOUT);
  }

  /** Notes that a Region throttles, once. */
  #reporting(reader: CallHistoryReader): CallHistoryReader {
    return {
      page: async (region, instanceId, token) => {
        const page = await attempt(() => reader.page(region, instanceId, token));
        if (!(page instanceof FailureError)) return page;
        if (page.kind === 'throttled' && !this.#throttled.has(region))
          this.io.note(`CloudTrail throttles lookups in ${region}; retrying, which takes longer.`);
        if (page.kind === 'throttled') this.#throttled.add(region);
        throw page;
      },
    };
  }

  #readNatGateways(region: string): Promise<ReadonlyMap<string, string> | FailureError> {
    return attempt(() => withRetries(() => readNatGateways(this.aws.ec2(region)), this.#time()));
  }
}

/** Why something could not be read; a denied call is no error. */
const notRead = (failure: FailureError): string =>
  `${isDenied(failure) ? `${NOT_VISIBLE}: ` : ''}${explainError(failure)}`;

/** Why older calls, or all, are missing; `undefined` if none are. */
function incompleteNote({ calls, missing }: CallHistory, io: Io, mostPages = 20): string | undefined {
  const prefix = calls.length > 0 ? 'incomplete: ' : 'not looked up: ';
  switch (missing) {
    case undefined:
      return undefined;
    case 'most-pages':
      return `incomplete: only the newest ${mostPages} pages of calls`;
    case 'budget':
      return `${prefix}no lookups are left; imdsv2 callers --max-lookups allows more`;
    case 'deadline':
      return prefix + (io.interrupted.aborted ? 'interrupted' : 'lookups take too long');
    default:
      if (isDenied(missing)) return notRead(missing);
      return `${prefix}${missing.kind === 'throttled' ? 'CloudTrail throttles lookups: ' : ''}${explainError(missing)}`;
  }
}

/** Looks up instances: Regions in parallel, the instances of a Region one after another. */
export async function readCallers(
  subjects: readonly Subject[],
  reader: CallerReader,
  io: Io,
): Promise<readonly InstanceCallers[]> {
  const results: InstanceCallers[] = [];
  const show = () => io.progress(`${results.length} of ${instancesOf(subjects.length)} looked up`);
  const readRegion = async (group: readonly Subject[]): Promise<void> => {
    for (const subject of group) {
      results.push(await reader.of(subject));
      show();
    }
  };
  if (subjects.length > 0) show();
  await pMap(groupBy(subjects, ({ region }) => region).values(), readRegion, { concurrency: REGIONS_AT_ONCE });
  io.progress('');
  return results;
}

/** Prints what could not be read. */
export function reportUnread(results: readonly InstanceCallers[], io: Io): void {
  const failures = new Map(results.flatMap(({ region, failure }) => (failure ? [[region, failure] as const] : [])));
  for (const [region, failure] of failures) {
    const note = results.find((result) => result.failure === failure)?.incomplete ?? explainError(failure);
    io.note(`imdsv2: ${region}: callers ${note}${adviceOn(failure)}`);
  }
  const natProblems = new Map(results.flatMap(({ region, natProblem }) => (natProblem ? [[region, natProblem]] : [])));
  for (const [region, problem] of natProblems)
    io.note(`imdsv2: ${region}: NAT gateways ${problem}; no source address is called unexplained`);
}
