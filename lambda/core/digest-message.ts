import { rollbackCommand } from './advice.ts';
import { type Digest, MAX_LISTED } from './digest.ts';
import type { DigestCallers } from './digest-callers.ts';
import { type DigestDetail, digestDetail, type ListedInstanceDetail } from './digest-detail.ts';
import { MAX_BYTES, type Message, type MessageOptions, TEST_NOTICE, toSnsText } from './message.ts';
import { defang } from './text.ts';
import type { Usage } from './usage.ts';
import { callerLine, WITHOUT_CALLERS } from './words/callers.ts';
import { instancesOf, iso, plural } from './words/format.ts';
import { describeLaunchSource } from './words/launch-source.ts';
import { nonCompliantTitle, type UnchangedReason } from './words/outcome.ts';
import { usageNote } from './words/usage.ts';

/** Number of instances in each list: the first that fits into one message. */
const LISTED = [MAX_LISTED, 25, 10, 3, 1, 0];

/** The data of a digest, with as many instances as fit into one event and one message. */
export function toDigestDetail(digest: Digest): DigestDetail {
  // The longest exemption makes the longest email.
  const options = { maxExemptionDays: 3650 };
  const fits = (detail: DigestDetail) =>
    new TextEncoder().encode(toSnsText(renderDigest(detail, options))).length <= MAX_BYTES;
  for (const most of LISTED) {
    const detail = digestDetail(digest, most);
    if (fits(detail)) return detail;
  }
  throw new RangeError('a digest without instances is too large');
}

/** The message of a digest, from its data. */
export function renderDigest(detail: DigestDetail, { maxExemptionDays }: MessageOptions): Message {
  const { severity, account, region, startedAt, counts, remediated, instances, rejected = {}, problems } = detail;
  const { compliancePercent: compliantPercent } = detail;
  const share = detail.notVisible
    ? 'not visible from here'
    : compliantPercent === undefined
      ? 'no instances to judge'
      : `${compliantPercent.toFixed(1)}% compliant`;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const nonCompliant = Object.values(detail.nonCompliant).reduce((sum, count) => sum + count, 0);
  const unaffectedIds = new Set(detail.rejectedWithoutImdsv1);
  const [affected, unaffected] = [false, true].map((is) =>
    Object.entries(rejected).filter(([id]) => unaffectedIds.has(id) === is),
  ) as [[string, number][], [string, number][]];
  const { rejectedInstances = { affected: 0, withoutImdsv1: 0 } } = detail;
  const pending: UnchangedReason = 'audit-mode' in detail.nonCompliant ? 'audit-mode' : 'remediation-pending';
  const notice = detail.test === true ? [TEST_NOTICE] : [];
  const test = detail.test === true ? 'TEST ' : '';
  const parts = [
    ...notice,
    `IMDSv2 enforcer, account ${account}, ${region}, scan of ${iso(new Date(startedAt))}: ${share}.`,
    `${plural(total, 'instance')}: ${Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}. Remediated in this scan: ${remediated}.`,
    list('Deployment health issues', problems.map(defang)),
    list(
      'IMDSv1 calls rejected in the last day; the workload may be affected',
      affected.map(
        ([id, count]) => `${id}: ${plural(count, 'call')}; undo: ${rollbackCommand(region, id, maxExemptionDays)}`,
      ),
      rejectedInstances.affected,
    ),
    list(
      'IMDSv1 calls rejected in the last day on instances without IMDSv1 for 63 days; a program or a probe tries it, and nothing is to be undone',
      unaffected.map(([id, count]) => `${id}: ${plural(count, 'call')}`),
      rejectedInstances.withoutImdsv1,
    ),
    ...(Object.entries(detail.nonCompliant) as [UnchangedReason, number][]).map(([reason, count]) =>
      list(
        nonCompliantTitle(reason, count),
        instances
          .filter(({ verdict, needsReview = pending }) => verdict !== 'exempt' && needsReview === reason)
          .map(describe),
        count,
      ),
    ),
    detail.callers && callersSection(detail.callers),
    list(
      'Overdue: exemptions that have expired or are wrong, with IMDSv1 still enabled',
      instances
        .filter(({ overdueSince, exemptionProblem }) => overdueSince !== undefined || exemptionProblem !== undefined)
        .map(describeOverdue),
      detail.overdue,
    ),
    list(
      'Exemptions that expire within a week',
      instances.filter((instance) => instance.expiresSoon === true).map(describe),
      detail.expiring,
    ),
    list('Before HttpTokensEnforced can be enabled in this region', detail.missingForEnforcement),
    'Names and reasons are user-supplied and unverified.',
    ...notice,
  ];
  return {
    subject:
      `${test}[IMDSv2 ${severity}] ${account} ${region}: ${share}, ${nonCompliant} non-compliant, ${remediated} remediated`.slice(
        0,
        99,
      ),
    json: detail,
    email: parts.filter((part) => part !== undefined).join('\n\n'),
    attributes: { severity, status: ['digest'], account, region, trigger: 'scan' },
  };
}

/** A list with its title; of `total` items, those that are not shown are counted. */
function list(title: string, lines: readonly string[], total = lines.length): string | undefined {
  if (total === 0) return undefined;
  const more = total > lines.length ? [`  and ${total - lines.length} more`] : [];
  return [`${title}:`, ...lines.map((text) => `  ${text}`), ...more].join('\n');
}

/** The software that uses IMDSv1, with what to do about it. */
function callersSection(callers: DigestCallers): string | undefined {
  const { software, more, withoutCallers, unexplained, notVisible } = callers;
  const on = (ids: readonly string[]) =>
    ids.length > NAMED ? `${ids.slice(0, NAMED).join(', ')} and ${ids.length - NAMED} more` : ids.join(', ');
  const without = withoutCallers.length === 0 ? [] : [`no such calls: ${on(withoutCallers)}; ${WITHOUT_CALLERS}`];
  const lines = [
    ...software.map((caller) => callerLine(caller, ` on ${on(caller.instanceIds)}`)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...without,
    ...unexplained.map(
      ({ address, instanceId, calls, lastSeen }) =>
        `MEDIUM: unexplained source address ${address} of ${instanceId} (${plural(calls, 'call')}, last ${iso(new Date(lastSeen))}): no address of the instance, of a NAT gateway or of a VPC endpoint. That is no proof of theft; look for GuardDuty findings InstanceCredentialExfiltration`,
    ),
    ...notVisible.map(defang),
    'event history has management events of this Region of 90 days; "imdsv2 callers" has details',
  ];
  return list(`Software that called AWS with credentials of IMDSv1, on the ${busiest(callers.instances)}`, lines);
}

/** Instances that a line names. */
const NAMED = 3;

const busiest = (instances: number): string =>
  instances === 1 ? 'instance with IMDSv1 in use' : `${instancesOf(instances)} with the most IMDSv1 calls`;

function describe(instance: ListedInstanceDetail): string {
  const { instanceId, name, launchSource, exemptUntil, exemptReason, exemptionTag } = instance;
  const usage = usageOf(instance);
  const parts = [
    instanceId,
    usage && `IMDSv1 ${usage.kind === 'unknown' ? 'usage ' : ''}${usageNote(usage)}`,
    exemptUntil && `exempt until ${defang(exemptUntil)}${exemptReason ? ` (${defang(exemptReason)})` : ''}`,
    exemptionTag && `tag: ${defang(exemptionTag)}`,
    describeLaunchSource(launchSource),
    name && `name: ${defang(name)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function describeOverdue(instance: ListedInstanceDetail): string {
  const { overdueSince } = instance;
  return overdueSince === undefined ? describe(instance) : `${describe(instance)}, expired ${overdueSince}`;
}

function usageOf({ usage }: ListedInstanceDetail): Usage | undefined {
  if (usage === undefined) return undefined;
  const { kind, hours = 0, calls = 0, callsPerDay = 0, lastSeen = '', why = 'not-read', scope, atBoot } = usage;
  switch (kind) {
    case 'unused':
      return { kind, hours, scope };
    case 'in-use':
      return { kind, count: calls, callsPerDay, lastSeen: new Date(lastSeen), scope, atBoot };
    case 'unknown':
      return { kind, why, scope };
  }
}
