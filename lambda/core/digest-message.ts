import { DIGEST_SCHEMA } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import {
  type Digest,
  type InstanceList,
  type ListedInstance,
  MAX_LISTED,
  type OverdueExemption,
  severityOfDigest,
} from './digest.ts';
import type { AlertOptions } from './email.ts';
import { MAX_BYTES, type Message, toSnsText } from './message.ts';
import type { LaunchSource } from './launch-source.ts';
import { compliancePercent, type Counts } from './compliance-summary.ts';
import { clean, defang } from './text.ts';
import { percent } from './words/compliance.ts';
import { iso, plural } from './words/format.ts';
import { describeLaunchSource } from './words/launch-source.ts';
import { nonCompliantTitle, type UnchangedReason } from './words/outcome.ts';
import { usageNote } from './words/usage.ts';

/** The JSON form of a digest, schema `imdsv2-enforcer.digest/v1`. New versions only add fields. */
export interface DigestJson {
  readonly schema: typeof DIGEST_SCHEMA;
  readonly account: string;
  readonly region: string;
  /** When the scan started. */
  readonly startedAt: string;
  readonly counts: Counts;
  /** Instances that pass CIS AWS 5.7, from 0 to 100, with one decimal; absent if there are none to judge. */
  readonly compliancePercent?: number;
  /** Number of instances that the scan evaluated for remediation and that require IMDSv2 now. */
  readonly remediated: number;
  /** Number of non-compliant instances by the reason why nothing was changed. */
  readonly nonCompliant: Readonly<Partial<Record<UnchangedReason, number>>>;
  /** The first instances of each list. */
  readonly instances: readonly ListedInstanceJson[];
  /** Rejected IMDSv1 calls of the last day, by instance. */
  readonly rejected?: Readonly<Record<string, number>>;
  /** Those of them on which IMDSv1 was not enabled within the last 63 days. */
  readonly rejectedWithoutImdsv1?: readonly string[];
  /** What must be done before `HttpTokensEnforced` can be enabled. */
  readonly missingForEnforcement: readonly string[];
  /** Deployment health issues, one sentence each. */
  readonly problems: readonly string[];
}

/** One instance in the JSON form of a digest. Untrusted input is sanitized. */
export interface ListedInstanceJson {
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
  /** What is wrong with an exemption tag that is ignored. */
  readonly exemptionProblem?: `exemption-${Exclude<OverdueExemption['kind'], 'expired'>}`;
  readonly launchSource: LaunchSource;
}

/** Number of instances in each list: the first that fits into one message. */
const LISTED = [MAX_LISTED, 25, 10, 3, 1, 0];

/** The message of a digest. */
export function toDigestMessage(digest: Digest, options: AlertOptions): Message {
  const fits = (message: Message) => new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES;
  for (const most of LISTED) {
    const message = render(digest, most, options);
    if (fits(message)) return message;
  }
  throw new RangeError('a digest without instances is too large');
}

function render(digest: Digest, most: number, { maxExemptionDays }: AlertOptions): Message {
  const { account, region, startedAt, inventory, remediated } = digest;
  const { compliance, overdue, expiring } = inventory;
  const compliantPercent = compliancePercent(compliance);
  const problems = digest.problems.map((problem) => clean(problem));
  const byReason = [...inventory.nonCompliant].map(([reason, instances]): [UnchangedReason, InstanceList] => [
    reason === 'remediation-pending' && !digest.changes ? 'audit-mode' : reason,
    instances,
  ]);
  const missing = missingFor(digest);
  const severity = severityOfDigest(digest);
  const rejected = [...(digest.rejected ?? [])];
  const [affected, unaffected] = [true, false].map((is) =>
    rejected.filter(([, { hadImdsv1 }]) => (hadImdsv1 !== false) === is),
  ) as [typeof rejected, typeof rejected];
  const share = compliantPercent === undefined ? 'no instances to judge' : `${percent(compliance)} compliant`;
  const json: DigestJson = {
    schema: DIGEST_SCHEMA,
    account,
    region,
    startedAt: startedAt.toISOString(),
    counts: compliance.counts,
    compliancePercent: compliantPercent,
    remediated,
    nonCompliant: Object.fromEntries(byReason.map(([reason, { total }]) => [reason, total])),
    instances: [
      ...new Set([...byReason.map(([, list]) => list), overdue, expiring].flatMap(({ first }) => first.slice(0, most))),
    ].map(toJson),
    rejected: digest.rejected && Object.fromEntries(rejected.slice(0, most).map(([id, { calls }]) => [id, calls])),
    rejectedWithoutImdsv1: digest.rejected && unaffected.slice(0, most).map(([id]) => id),
    missingForEnforcement: missing,
    problems,
  };
  const parts = [
    `IMDSv2 enforcer, account ${account}, ${region}, scan of ${iso(startedAt)}: ${share}.`,
    `${plural(compliance.instances, 'instance')}: ${Object.entries(compliance.counts)
      .filter(([, count]) => count > 0)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}. Remediated in this scan: ${remediated}.`,
    list('Deployment health issues', problems, defang),
    list(
      'IMDSv1 calls rejected in the last day; the workload may be affected',
      affected,
      ([id, { calls }]) => `${id}: ${plural(calls, 'call')}; undo: ${rollbackCommand(region, id, maxExemptionDays)}`,
      most,
    ),
    list(
      'IMDSv1 calls rejected in the last day on instances without IMDSv1 for 63 days; a program or a probe tries it, and nothing is to be undone',
      unaffected,
      ([id, { calls }]) => `${id}: ${plural(calls, 'call')}`,
      most,
    ),
    ...byReason.map(([reason, instances]) =>
      listFirst(nonCompliantTitle(reason, instances.total), instances, describe, most),
    ),
    listFirst(
      'Overdue: exemptions that have expired or are wrong, with IMDSv1 still enabled',
      overdue,
      describeOverdue,
      most,
    ),
    listFirst('Exemptions that expire within a week', expiring, describe, most),
    list('Before HttpTokensEnforced can be enabled in this region', missing, (sentence) => sentence),
    'Names and reasons are user-supplied and unverified.',
  ];
  return {
    subject:
      `[IMDSv2 ${severity}] ${region}: ${share}, ${compliance.findings} non-compliant, ${remediated} remediated`.slice(
        0,
        99,
      ),
    json,
    email: parts.filter((part) => part !== undefined).join('\n\n'),
    attributes: { severity, status: ['digest'], account, region, trigger: 'scan' },
  };
}

function list<T>(
  title: string,
  items: readonly T[],
  lineOf: (item: T) => string,
  most = items.length,
  total = items.length,
): string | undefined {
  if (total === 0) return undefined;
  const more = total > most ? [`  and ${total - most} more`] : [];
  return [`${title}:`, ...items.slice(0, most).map((item) => `  ${lineOf(item)}`), ...more].join('\n');
}

const listFirst = (
  title: string,
  { first, total }: InstanceList,
  lineOf: (instance: ListedInstance) => string,
  most: number,
) => list(title, first, lineOf, most, total);

function describe({ instanceId, name, launchSource, usage, verdict }: ListedInstance): string {
  const parts = [
    `${instanceId}${name ? ` "${defang(name)}"` : ''}`,
    usage && `IMDSv1 ${usage.kind === 'unknown' ? 'usage ' : ''}${usageNote(usage)}`,
    verdict.until && `exempt until ${defang(verdict.until)}${verdict.reason ? ` (${defang(verdict.reason)})` : ''}`,
    verdict.value && `tag: ${defang(verdict.value)}`,
    describeLaunchSource(launchSource),
  ];
  return parts.filter(Boolean).join(', ');
}

function describeOverdue(instance: ListedInstance): string {
  const { overdue } = instance;
  return overdue?.kind === 'expired' ? `${describe(instance)}, expired ${overdue.value}` : describe(instance);
}

function toJson({
  instanceId,
  name,
  launchSource,
  usage,
  verdict,
  overdue,
  decision,
}: ListedInstance): ListedInstanceJson {
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
    overdueSince: overdue?.kind === 'expired' ? overdue.value : undefined,
    exemptionProblem: overdue === undefined || overdue.kind === 'expired' ? undefined : `exemption-${overdue.kind}`,
    launchSource: Object.fromEntries(
      Object.entries(launchSource).map(([part, value]: [string, string]) => [part, clean(value)]),
    ),
  };
}

/**
 * What must be done first: with `HttpTokensEnforced`, EC2 rejects launches and changes that enable IMDSv1.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
function missingFor({ inventory: { compliance }, launchDefault }: Digest): string[] {
  if (launchDefault?.HttpTokensEnforced === 'enabled') return [];
  return [
    compliance.findings > 0 && `non-compliant or unreadable instances: ${compliance.findings}`,
    compliance.counts.exempt > 0 && `exemptions in date: ${compliance.counts.exempt}`,
    launchDefault === undefined && 'the account defaults could not be read',
    launchDefault !== undefined &&
      launchDefault.HttpTokens !== 'required' &&
      'the account default for launches is not HttpTokens=required',
  ].filter((sentence) => sentence !== false);
}
