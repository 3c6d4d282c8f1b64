import { TAG } from '../contract.ts';
import { dayFromNow } from './exemption.ts';
import type { Snapshot } from './instance.ts';
import { isContainerHost } from './launch-source.ts';
import type { CodeForms } from './prevention/code-forms.ts';
import { clean, shellQuote } from './text.ts';
import type { Target } from './target.ts';

/** What to do about an instance: sentences, and shell commands that are safe to paste. */
export interface Advice {
  readonly text: string;
  readonly commands: readonly string[];
  /** What to write where the resource is defined as code. */
  readonly inCode?: CodeForms;
}

/** An instance and its region. */
type InstanceRef = Pick<Target, 'region' | 'instanceId'>;

/** Days that the exemption of an undo lasts, unless the maximum is shorter. */
const UNDO_DAYS = 14;

/** How to undo a remediation. Without the exemption first, it would be reverted as drift. */
export function undo({ region, instanceId }: Target, now: Date, maxExemptionDays: number): Advice {
  const until = dayFromNow(now, Math.min(UNDO_DAYS, maxExemptionDays));
  return {
    text: `Re-enables IMDSv1 and exempts the instance until ${until}, so that it is not remediated again.`,
    commands: [
      `aws ec2 create-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil},Value=${until} Key=${TAG.exemptReason},Value='...'`,
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-tokens optional --http-endpoint enabled`,
    ],
  };
}

/** The command that re-enables IMDSv1 on an instance and exempts it. */
export const rollbackCommand = (region: string, instanceId: string, maxExemptionDays: number): string =>
  `imdsv2 rollback ${instanceId} --region ${region} --for ${Math.min(UNDO_DAYS, maxExemptionDays)}d --reason '...'`;

/** How to revoke an exemption. */
export function revocation({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'Revokes the exemption. Unless in audit mode, the instance then requires IMDSv2 within minutes.',
    commands: [`aws ec2 delete-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil}`],
  };
}

/** An untrusted name as one word of a command. Mail programs must not make a link of it. */
export const argument = (name: string): string =>
  /:\/\/|www\./i.test(clean(name, Infinity)) ? "'...'" : shellQuote(name);

/** How to find an unknown caller. CloudTrail keeps management events for 90 days, even without a trail. */
export function findCaller({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'The event does not name the caller. CloudTrail shows it about 15 minutes after the call:',
    commands: [
      `aws cloudtrail lookup-events --region ${region} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${instanceId} --query 'Events[].[EventTime,EventName,Username]' --output table`,
    ],
  };
}

/** A note if containers would lose access to IMDS: with a hop limit of 1, they cannot get a token. */
export function hopLimitNote(
  target: InstanceRef,
  { options, tags }: Pick<Snapshot, 'options' | 'tags'>,
): Advice | undefined {
  return options.HttpPutResponseHopLimit === 1 && isContainerHost(tags) ? hopLimitAdvice(target) : undefined;
}

/** How to give containers access to IMDS: with a hop limit of 1, they cannot get a token. */
export function hopLimitAdvice({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'Once IMDSv2 is required, containers on this host cannot reach IMDS, because the hop limit is 1. If they need IMDS:',
    commands: [
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-put-response-hop-limit 2 --http-endpoint enabled`,
    ],
  };
}
