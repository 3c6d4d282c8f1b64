import { TAG } from '../../contract.ts';
import { type Advice, argument, findCaller, hopLimitAdvice, revocation, rollbackCommand } from '../advice.ts';
import { dayFromNow } from '../exemption.ts';
import type { MessageOptions } from '../message.ts';
import type { OutcomeDetail } from '../outcome-detail.ts';
import { prevention } from '../prevention/advice.ts';
import { isRepeatedDrift } from '../repeated-drift.ts';
import type { Block } from './group.ts';

/** Settings of the account that alerts state, and the time at which an alert is written. */
export interface AlertOptions extends MessageOptions {
  readonly now: Date;
}

/** Most commands of a block, the one that undoes included. */
const MOST_COMMANDS = 3;

/** CloudTrail keeps management events for 90 days, even without a trail. */
const HISTORY_DAYS = 90;

/** Days that a corrected exemption lasts, unless the maximum is shorter. */
const EXEMPTION_DAYS = 14;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What to do about a block, in the order of need. The commands are at most three, the one that undoes included. */
export function whatNow(block: Block, options: AlertOptions): readonly Advice[] {
  let left = MOST_COMMANDS - (undo(block, options).commands.length > 0 ? 1 : 0);
  return advices(block, options).map((advice) => {
    if (advice.commands.length > left) return { ...advice, commands: [] };
    left -= advice.commands.length;
    return advice;
  });
}

/** How to undo what was done. */
export function undo({ occurrences }: Block, { maxExemptionDays }: AlertOptions): Advice {
  const [first] = occurrences;
  const changed = first?.latest.status === 'remediated' || first?.latest.status === 'already-remediated';
  if (first === undefined || !changed) return { text: 'Nothing was changed.', commands: [] };
  const { region, instanceId } = first.latest;
  const which = occurrences.length === 1 ? 'the instance' : 'an instance, this one for example,';
  return {
    text: `Re-enables IMDSv1 on ${which} and exempts it, so that it is not remediated again.`,
    commands: [rollbackCommand(region, instanceId, maxExemptionDays)],
  };
}

function advices({ occurrences, details }: Block, { maxExemptionDays, now }: AlertOptions): readonly Advice[] {
  const sample = occurrences[0]?.latest;
  if (sample === undefined) return [];
  const { status, reason, region, drift, exemptionTag, before, containerHost, launchSource } = sample;
  const ids = occurrences.map(({ latest }) => latest.instanceId);
  const wasNonCompliant = ['remediated', 'would-remediate', 'needs-review', 'already-remediated'].includes(status);
  const found: (Advice | undefined)[] = [
    details.some(isRepeatedDrift) ? DENIAL : undefined,
    drift ? callsOf(details, now) : undefined,
    sample.caller === undefined ? search(sample, now) : undefined,
    status === 'failed' ? retry(sample, ids) : undefined,
    status === 'needs-review'
      ? correction(sample, ids, dayFromNow(now, Math.min(EXEMPTION_DAYS, maxExemptionDays)))
      : undefined,
    exemptionTag === 'set' || reason === 'exempt-self-granted' ? revocation(sample) : undefined,
    wasNonCompliant && containerHost && before?.HttpPutResponseHopLimit === 1 ? hopLimitAdvice(sample) : undefined,
    wasNonCompliant && before !== undefined && !drift && exemptionTag !== 'set'
      ? prevention({ region }, launchSource, containerHost)
      : undefined,
    status === 'would-remediate' ? enforce('Require IMDSv2 now:', region, ids) : undefined,
  ];
  const needed = found.filter((advice) => advice !== undefined);
  return needed.length > 0 ? needed : [{ text: 'No action is required.', commands: [] }];
}

/** What ends repeated drift. */
const DENIAL: Advice = {
  text: 'End it: a service control policy that denies enabling IMDSv1 to every principal but break-glass roles. The command also prints what it does not cover:',
  commands: ['imdsv2 policy require-imdsv2'],
};

const isInHistory = (time: string | undefined, now: Date): boolean =>
  time !== undefined && now.getTime() - new Date(time).getTime() < HISTORY_DAYS * DAY;

/** The other calls of the principal that made the latest call. */
function callsOf(details: readonly OutcomeDetail[], now: Date): Advice | undefined {
  const { caller, region, occurredAt } = details.findLast(({ caller }) => caller !== undefined) ?? {};
  if (caller === undefined || region === undefined || occurredAt === undefined) return undefined;
  const name = caller.session ?? /:user\/(?:.*\/)?([^/]+)$/.exec(caller.principal)?.[1];
  if (name === undefined || !isInHistory(occurredAt, now)) return undefined;
  const from = new Date(new Date(occurredAt).getTime() - HOUR).toISOString();
  return {
    text: 'Check what else this principal did, from an hour before the call:',
    commands: [
      `aws cloudtrail lookup-events --region ${region} --start-time ${from} --lookup-attributes AttributeKey=Username,AttributeValue=${argument(name)} --query 'Events[].[EventTime,EventName,EventId]' --output table`,
    ],
  };
}

/** How to find the caller in CloudTrail's event history. The launch is the call that matters, unless there was a later one. */
function search(detail: OutcomeDetail, now: Date): Advice | undefined {
  return isInHistory(detail.launchTime ?? detail.occurredAt, now) ? findCaller(detail) : undefined;
}

function retry({ reason, region }: OutcomeDetail, ids: readonly string[]): Advice {
  const heading = reason === 'denied' ? 'EC2 denies the change' : 'An instance could not be remediated';
  return enforce(`See "${heading}" in docs/runbook.md. When the cause is fixed, retry:`, region, ids);
}

/** What corrects the state that needs review. */
function correction({ reason, region }: OutcomeDetail, ids: readonly string[], until: string): Advice {
  if (reason.startsWith('exemption-')) {
    return {
      text: `Correct the exemption, or delete its tag. ${until}, for example:`,
      commands: [
        `aws ec2 create-tags --region ${region} --resources ${ids.join(' ')} --tags Key=${TAG.exemptUntil},Value=${until}`,
      ],
    };
  }
  if (reason === 'unreadable') {
    return {
      text: 'Check the metadata options:',
      commands: [
        `aws ec2 describe-instances --region ${region} --instance-ids ${ids.join(' ')} --query 'Reservations[].Instances[].[InstanceId,MetadataOptions]'`,
      ],
    };
  }
  return enforce('Require IMDSv2 when the software of the instance is ready for it:', region, ids);
}

const enforce = (text: string, region: string, ids: readonly string[]): Advice => ({
  text,
  commands: [`imdsv2 enforce --regions ${region} --instance-ids ${ids.join(',')}`],
});
