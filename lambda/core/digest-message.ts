import { DIGEST_SCHEMA, type Severity } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import { type Digest, endsSoon, type Named } from './digest.ts';
import type { AlertOptions } from './email.ts';
import type { ReviewReason } from './decide.ts';
import { groupBy } from './group-by.ts';
import { MAX_BYTES, type Message, toSnsText } from './message.ts';
import type { LaunchSource } from './launch-source.ts';
import { describeLaunchSource, iso } from './show.ts';
import { type Counts, shareOf } from './compliance-summary.ts';
import { clean, defang } from './text.ts';
import { sentenceOf } from './words.ts';

/** How a region stands, for machines; schema `imdsv2-enforcer.digest/v1`. Fields are only ever added to it. */
export interface DigestJson {
  readonly schema: typeof DIGEST_SCHEMA;
  readonly account: string;
  readonly region: string;
  /** Of the run. */
  readonly startedAt: string;
  readonly counts: Counts;
  /** Instances that CIS AWS 5.7 passes, from 0 to 100, with one decimal; absent where there is none to judge. */
  readonly compliancePercent?: number;
  /** How many fewer answer IMDSv1 than when the run began. */
  readonly remediated: number;
  /** By what keeps them open; those that will be closed are `waiting`. */
  readonly nonCompliant: Readonly<Partial<Record<ReviewReason | 'waiting', number>>>;
  /** The first of each, named. */
  readonly instances: readonly NamedJson[];
  /** Calls without a token that were refused in the last day, by instance. */
  readonly rejected?: Readonly<Record<string, number>>;
  /** What keeps `HttpTokensEnforced` from being switched on. */
  readonly missingForEnforcement: readonly string[];
  /** What is off with the product itself. */
  readonly problems: readonly string[];
}

/** One instance in a digest's JSON form. */
export interface NamedJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly verdict: string;
  readonly needsReview?: string;
  readonly usage?: {
    readonly kind: string;
    readonly callsPerDay?: number;
    readonly lastSeen?: string;
    readonly why?: string;
  };
  readonly exemptUntil?: string;
  readonly exemptReason?: string;
  readonly overdueSince?: string;
  readonly launchSource: LaunchSource;
}

/** How many instances of each sort are named: the first number that fits into one message. */
const NAMED = [50, 25, 10, 3, 1, 0];

/** The digest as it is published. */
export function toDigestMessage(digest: Digest, now: Date, options: AlertOptions): Message {
  const fits = (message: Message) => new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES;
  for (const most of NAMED) {
    const message = render(digest, most, now, options);
    if (fits(message)) return message;
  }
  throw new RangeError('a digest that names nobody is too large');
}

function render(digest: Digest, most: number, now: Date, { maxExemptionDays }: AlertOptions): Message {
  const { account, region, startedAt, compliance, nonCompliant, exempt, nonCompliantBefore, requested } = digest;
  const share = shareOf(compliance);
  const compliancePercent = share === undefined ? undefined : Math.floor(share * 1000) / 10;
  const remediated = requested === 0 ? 0 : Math.max(0, nonCompliantBefore - compliance.counts['non-compliant']);
  const problems = digest.problems.map((problem) => clean(problem));
  const byReason = groupBy(nonCompliant, ({ decision }) =>
    decision.kind === 'needs-review' ? decision.problem : 'waiting',
  );
  const ending = exempt.filter((named) => endsSoon(named, now));
  const overdue = nonCompliant.filter(({ overdue }) => overdue !== undefined);
  const missing = missingFor(digest);
  const severity: Severity = problems.length > 0 || (digest.rejected?.size ?? 0) > 0 ? 'MEDIUM' : 'INFORMATIONAL';
  const standing = compliancePercent === undefined ? 'nothing to judge' : `${compliancePercent} % compliant`;
  const json: DigestJson = {
    schema: DIGEST_SCHEMA,
    account,
    region,
    startedAt: startedAt.toISOString(),
    counts: compliance.counts,
    compliancePercent,
    remediated,
    nonCompliant: Object.fromEntries([...byReason].map(([problem, those]) => [problem, those.length])),
    instances: [...new Set([...byReason.values(), overdue, ending].flatMap((those) => those.slice(0, most)))].map(
      toJson,
    ),
    rejected: digest.rejected && Object.fromEntries([...digest.rejected].slice(0, most)),
    missingForEnforcement: missing,
    problems,
  };
  const parts = [
    `IMDSv2 enforcer, account ${account}, ${region}, scan of ${iso(startedAt)}: ${standing}.`,
    `${compliance.instances} instances: ${Object.entries(compliance.counts)
      .filter(([, count]) => count > 0)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}. Closed in this run: ${remediated}.`,
    list('Something is off with the enforcer itself', problems, defang),
    list(
      'IMDSv1 was refused in the last day: something there still uses it',
      [...(digest.rejected ?? [])],
      ([id, count]) => `${id}: ${count} calls; undo: ${rollbackCommand(region, id, maxExemptionDays)}`,
      most,
    ),
    ...[...byReason].map(([problem, those]) =>
      list(`${those.length} open: ${problem === 'waiting' ? WAITING : sentenceOf(problem)}`, those, describe, most),
    ),
    list(
      'Exemptions that ended, with IMDSv1 still reachable',
      overdue,
      (named) => `${describe(named)}, ended ${named.overdue}`,
      most,
    ),
    list('Exemptions that end within a week', ending, describe, most),
    list('Before HttpTokensEnforced can be switched on in this region', missing, (sentence) => sentence),
    'Names and reasons above are as others wrote them.',
  ];
  return {
    subject: `[IMDSv2 ${severity}] ${region}: ${standing}, ${nonCompliant.length} open, ${remediated} closed`.slice(
      0,
      99,
    ),
    json,
    email: parts.filter((part) => part !== undefined).join('\n\n'),
    attributes: { severity, status: ['digest'], account, region, trigger: 'scan' },
  };
}

const WAITING = 'IMDSv1 is reachable, and nothing keeps it from being closed.';

function list<T>(
  title: string,
  things: readonly T[],
  lineOf: (thing: T) => string,
  most = things.length,
): string | undefined {
  if (things.length === 0) return undefined;
  const more = things.length > most ? [`  and ${things.length - most} more`] : [];
  return [`${title}:`, ...things.slice(0, most).map((thing) => `  ${lineOf(thing)}`), ...more].join('\n');
}

function describe({ instanceId, name, launchSource, usage, verdict }: Named): string {
  const parts = [
    `${instanceId}${name ? ` "${defang(name)}"` : ''}`,
    usage?.kind === 'in-use' && `${Math.ceil(usage.callsPerDay)} calls a day, last seen ${iso(usage.lastSeen)}`,
    usage?.kind === 'unused' && `no call in the ${Math.floor(usage.hours)} hours measured`,
    usage?.kind === 'unknown' && `use unknown: ${usage.why}`,
    verdict.until && `exempt until ${defang(verdict.until)}${verdict.reason ? ` (${defang(verdict.reason)})` : ''}`,
    verdict.value && `tag: ${defang(verdict.value)}`,
    describeLaunchSource(launchSource),
  ];
  return parts.filter(Boolean).join(', ');
}

function toJson({ instanceId, name, launchSource, usage, verdict, overdue, decision }: Named): NamedJson {
  return {
    instanceId,
    name: name === undefined ? undefined : clean(name),
    verdict: verdict.name,
    needsReview: decision.kind === 'needs-review' ? decision.problem : undefined,
    usage: usage && {
      kind: usage.kind,
      callsPerDay: usage.kind === 'in-use' ? Math.ceil(usage.callsPerDay) : undefined,
      lastSeen: usage.kind === 'in-use' ? usage.lastSeen.toISOString() : undefined,
      why: usage.kind === 'unknown' ? usage.why : undefined,
    },
    exemptUntil: verdict.until === undefined ? undefined : clean(verdict.until),
    exemptReason: verdict.reason === undefined ? undefined : clean(verdict.reason),
    overdueSince: overdue,
    launchSource: Object.fromEntries(
      Object.entries(launchSource).map(([part, value]: [string, string]) => [part, clean(value)]),
    ),
  };
}

/**
 * `HttpTokensEnforced` makes every launch that asks for IMDSv1 fail, and keeps it from being allowed on any instance.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
function missingFor({ nonCompliant, exempt, launchDefault }: Digest): string[] {
  if (launchDefault?.HttpTokensEnforced === 'enabled') return [];
  return [
    nonCompliant.length > 0 && `${nonCompliant.length} instances still answer IMDSv1, or cannot be read`,
    exempt.length > 0 && `${exempt.length} exemptions are in use`,
    launchDefault === undefined && 'the defaults of the account could not be read',
    launchDefault !== undefined &&
      launchDefault.HttpTokens !== 'required' &&
      'the account does not launch with HttpTokens=required by default',
  ].filter((sentence) => sentence !== false);
}
