import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import pMap from 'p-map';
import { byRegion, unlogged } from '../../lambda/adapters/clients.ts';
import { cloudTrailCallers } from '../../lambda/adapters/cloudtrail-callers.ts';
import { ec2NatGateways } from '../../lambda/adapters/ec2-nat-gateways.ts';
import { CallLookups } from '../../lambda/app/look-up-calls.ts';
import type { CallHistoryReader } from '../../lambda/app/ports/index.ts';
import { CallerReader } from '../../lambda/app/read-callers.ts';
import { attempt } from '../../lambda/app/retry.ts';
import type { InstanceCallers as Looked, Subject } from '../../lambda/core/callers/callers.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { NOT_VISIBLE, REGIONS_AT_ONCE } from '../audit/read.ts';
import { type Aws, cliTime } from '../common/aws.ts';
import { adviceOn, explainError, isDenied } from '../common/errors.ts';
import type { Io } from '../common/io.ts';

/** The callers of an instance, with notes about what could not be read. */
export interface InstanceCallers extends Omit<Looked, 'missing' | 'natFailure'> {
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
export class NotingCallerReader {
  readonly #reader: CallerReader;
  readonly #throttled = new Set<string>();

  /** @param limits most lookups in all, and milliseconds after which those of an instance are not retried. */
  public constructor(
    aws: Aws,
    private readonly io: Io,
    private readonly limits: { readonly lookups?: number; readonly timeout?: number } = {},
  ) {
    const client = (region: string) => unlogged(new CloudTrailClient({ ...aws.config(region), maxAttempts: 1 }));
    const lookups = new CallLookups(this.#noting(cloudTrailCallers(byRegion(client))), limits.lookups ?? LOOKUPS);
    this.#reader = new CallerReader(lookups, ec2NatGateways(aws.ec2));
  }

  /** The callers of an instance. A failure is in the result. */
  public async of(subject: Subject, mostPages?: number): Promise<InstanceCallers> {
    const time = cliTime(this.io, this.limits.timeout ?? TIMEOUT);
    const { missing, natFailure, ...looked } = await this.#reader.of(subject, time, mostPages);
    return {
      ...looked,
      incomplete: incompleteNote(looked.calls, missing, this.io, mostPages),
      natProblem: natFailure && notRead(natFailure),
      failure: missing instanceof FailureError ? missing : undefined,
    };
  }

  /** Notes that a Region throttles, once. */
  #noting(reader: CallHistoryReader): CallHistoryReader {
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
}

/** Why something could not be read; a denied call is no error. */
const notRead = (failure: FailureError): string =>
  `${isDenied(failure) ? `${NOT_VISIBLE}: ` : ''}${explainError(failure)}`;

/** Why older calls, or all, are missing; `undefined` if none are. */
function incompleteNote(calls: number, missing: Looked['missing'], io: Io, mostPages = 20): string | undefined {
  const prefix = calls > 0 ? 'incomplete: ' : 'not looked up: ';
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
  reader: NotingCallerReader,
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
