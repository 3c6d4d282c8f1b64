import { TAG } from '../contract.ts';
import { dayFromNow } from './exemption.ts';
import { CHANGE } from './decide.ts';
import type { MetadataOptions, Snapshot } from './instance.ts';
import { isContainerHost, type LaunchSource } from './launch-source.ts';
import { clean, defang, shellQuote } from './text.ts';
import type { Target } from './target.ts';

/** What to do about an instance: sentences and shell commands. Commands hold checked ids; everything else is quoted. */
export interface Advice {
  readonly text: string;
  readonly commands: readonly string[];
}

/** Days that the undo's exemption lasts, if the horizon allows as many. */
const UNDO_DAYS = 14;

/**
 * How to put the change back. The exemption comes first, because putting the option back is an event that triggers us.
 */
export function undo({ region, instanceId }: Target, now: Date, maxExemptionDays: number): Advice {
  const until = dayFromNow(now, Math.min(UNDO_DAYS, maxExemptionDays));
  return {
    text: `Allows IMDSv1 again and exempts the instance until ${until}, so that it is left alone.`,
    commands: [
      `aws ec2 create-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil},Value=${until} Key=${TAG.exemptReason},Value='...'`,
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-tokens optional --http-endpoint enabled`,
    ],
  };
}

/** The line that allows IMDSv1 on an instance again, with an exemption, so that it is left alone. */
export const rollbackCommand = (region: string, instanceId: string, maxExemptionDays: number): string =>
  `imdsv2 rollback ${instanceId} --region ${region} --for ${Math.min(UNDO_DAYS, maxExemptionDays)}d --reason '...'`;

/** How to take an exemption back. */
export function withdraw({ region, instanceId }: Target): Advice {
  return {
    text: 'Takes the exemption back; unless in audit mode, IMDSv1 is closed within minutes where it is reachable then.',
    commands: [`aws ec2 delete-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil}`],
  };
}

/** What to change so that the next instance from the same launchSource does not come up with IMDSv1. */
export function prevention(
  { region }: Pick<Target, 'region'>,
  launchSource: LaunchSource,
  { options }: Pick<Snapshot, 'options'>,
): Advice {
  if (launchSource.beanstalkEnvironmentId !== undefined) {
    return {
      text: `Beanstalk environment ${defang(launchSource.beanstalkEnvironment ?? launchSource.beanstalkEnvironmentId)} launches its instances: switch IMDSv1 off in its options.`,
      commands: [
        `aws elasticbeanstalk update-environment --region ${region} --environment-id ${argument(launchSource.beanstalkEnvironmentId)} --option-settings Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true`,
      ],
    };
  }
  if (launchSource.eksNodegroup !== undefined) {
    return {
      text: `EKS node group ${defang(launchSource.eksNodegroup)} launches its instances: set MetadataOptions HttpTokens=required, HttpPutResponseHopLimit=2 in the launch template that the node group names (not in the copy that EKS made of it).`,
      commands: [],
    };
  }
  if (launchSource.launchTemplateId !== undefined)
    return templateFix(region, launchSource.launchTemplateId, launchSource, options);
  if (launchSource.autoScalingGroup !== undefined) {
    return {
      text: `Auto Scaling group ${defang(launchSource.autoScalingGroup)} has no launch template: give it one with MetadataOptions HttpTokens=required.`,
      commands: [],
    };
  }
  if (launchSource.stackName !== undefined) {
    return {
      text: `CloudFormation stack ${defang(launchSource.stackName)}, resource ${defang(launchSource.stackLogicalId ?? '?')}: set MetadataOptions HttpTokens: required in its template.`,
      commands: [],
    };
  }
  return {
    text: 'Make IMDSv2 the default for what is launched in this region, and launch with --metadata-options HttpTokens=required.',
    commands: [`aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens required`],
  };
}

/**
 * A new version inherits what it does not name, but `MetadataOptions` as a whole: so what the instance has is named too.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
 */
function templateFix(
  region: string,
  launchTemplateId: string,
  launchSource: LaunchSource,
  has: MetadataOptions,
): Advice {
  const { launchTemplateVersion = '$Default', autoScalingGroup } = launchSource;
  const MetadataOptions = {
    ...CHANGE,
    HttpPutResponseHopLimit: has.HttpPutResponseHopLimit ?? 1,
    // Off is the default of both, and not every partition knows them.
    ...(has.HttpProtocolIpv6 === 'enabled' && { HttpProtocolIpv6: 'enabled' }),
    ...(has.InstanceMetadataTags === 'enabled' && { InstanceMetadataTags: 'enabled' }),
  };
  const options = JSON.stringify({ MetadataOptions });
  const template = argument(launchTemplateId);
  const created = `aws ec2 create-launch-template-version --region ${region} --launch-template-id ${template} --source-version ${argument(launchTemplateVersion)} --launch-template-data '${options}'`;
  const text = `Launch template ${defang(launchTemplateId)} version ${defang(launchTemplateVersion)} allows IMDSv1`;
  if (autoScalingGroup === undefined) {
    return { text: `${text}: make a version that does not, and launch from that.`, commands: [created] };
  }
  return {
    text: `${text}: make a version that does not, and give it to Auto Scaling group ${defang(autoScalingGroup)}.`,
    commands: [
      created,
      `aws autoscaling update-auto-scaling-group --region ${region} --auto-scaling-group-name ${argument(autoScalingGroup)} --launch-template ${argument(`LaunchTemplateId=${launchTemplateId},Version=$Latest`)}`,
    ],
  };
}

/** A stranger's name in a command: one word, and no link for a mail program to make. */
const argument = (name: string): string => (/:\/\/|www\./i.test(clean(name, Infinity)) ? "'...'" : shellQuote(name));

/** Who made the call that CloudTrail did not tell us of: it keeps management events for 90 days, trail or no trail. */
export function findCaller({ region, instanceId }: Target): Advice {
  return {
    text: 'The event that led here does not say who. CloudTrail finds out within about 15 minutes of the call:',
    commands: [
      `aws cloudtrail lookup-events --region ${region} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${instanceId} --query 'Events[].[EventTime,EventName,Username]' --output table`,
    ],
  };
}

/** What will stop working inside containers, where a hop limit of 1 keeps them from getting a token. */
export function hopLimitNote({ region, instanceId }: Target, { options, tags }: Snapshot): Advice | undefined {
  if (options.HttpPutResponseHopLimit !== 1 || !isContainerHost(tags)) return undefined;
  return {
    text: 'Once tokens are required, containers on this host cannot reach IMDS: its hop limit is 1 and a token does not travel further. If they need IMDS:',
    commands: [
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-put-response-hop-limit 2 --http-endpoint enabled`,
    ],
  };
}
