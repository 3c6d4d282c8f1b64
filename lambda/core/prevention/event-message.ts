import type { Advice } from '../advice.ts';
import { line } from '../alert/lines.ts';
import type { LaunchSource } from '../launch-source.ts';
import { type Message, TEST_NOTICE } from '../message.ts';
import { defang } from '../text.ts';
import { describeCallers } from '../words/caller.ts';
import { count, iso, plural } from '../words/format.ts';
import { prevention } from './advice.ts';
import { AUTO_SCALING, type PreventingDefaults } from './event.ts';
import type { PreventionDetail, RefusedLaunchDetail, WeakenedDefaultsDetail } from './event-detail.ts';

type Happened = PreventionDetail['events'][number];

/** The message about events of one account and region, from their data. */
export function renderPrevention(detail: PreventionDetail): Message {
  const { severity, account, region, events } = detail;
  const [test, notice] = detail.test === true ? ['TEST ', [TEST_NOTICE]] : ['', []];
  const summary = summaryOf(events);
  return {
    subject: `${test}[IMDSv2 ${severity}] ${account} ${region}: ${summary}`,
    json: detail,
    email: [
      ...notice,
      `IMDSv2 enforcer, account ${account}, ${region}: ${summary}. The enforcer changed nothing.`,
      ...events.map((event) => sectionOf(event, detail)),
      'Names and user agents are user-supplied and unverified.',
      ...notice,
    ].join('\n\n'),
    attributes: {
      severity,
      status: ['prevention'],
      account,
      region,
      trigger: [...new Set(events.map(({ trigger }) => trigger))],
    },
  };
}

const launches = (number: number): string => (number === 1 ? '1 launch' : `${count(number)} launches`);

function summaryOf(events: readonly Happened[]): string {
  const refused = events.filter(({ kind }) => kind === 'launch-refused').reduce((sum, event) => sum + event.count, 0);
  const weakened = events.filter(({ kind }) => kind === 'defaults-weakened').length;
  return [
    ...(weakened > 0 ? [`metadata defaults weakened${weakened > 1 ? ` ${weakened} times` : ''}`] : []),
    ...(refused > 0 ? [`${launches(refused)} with IMDSv1 refused`] : []),
  ].join(', ');
}

function sectionOf(event: Happened, { account, region, test }: PreventionDetail): string {
  const { lines, advice } =
    event.kind === 'launch-refused' ? refusedLaunch(event, region) : weakenedDefaults(event, region);
  // The commands of a test would change the real account.
  const adviceLines = advice.flatMap(([label, { text, commands }]) => [
    line(label, text),
    ...(test === true ? [] : commands),
  ]);
  return [...lines, line('Where', `account ${account}, ${region}`), ...adviceLines].join('\n');
}

/** What an alert says about an event, and what to do. */
interface Section {
  readonly lines: readonly string[];
  readonly advice: readonly (readonly [label: string, advice: Advice])[];
}

function refusedLaunch(event: RefusedLaunchDetail, region: string): Section {
  const lines = [
    'LAUNCH REFUSED (MEDIUM)',
    line(
      'What happened',
      `EC2 refused ${launches(event.count)} with IMDSv1 enabled, because HttpTokensEnforced is enabled.`,
    ),
    line('So what', 'no instance was launched, and this launch source launches none until it requires IMDSv2'),
    ...whoAndWhen(event),
    line('Why', `${event.trigger}; ${describeLaunch(event)}`),
  ];
  const untilThen = {
    text: 'If the launch cannot wait: this ends enforcement for all launches in the Region, and raises an alert.',
    commands: [`aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens-enforced disabled`],
  };
  return {
    lines,
    advice: [
      ['What now', launchAdvice(event, region)],
      ['Until then', untilThen],
    ],
  };
}

/** An instance type, of which mail programs make no link. */
const INSTANCE_TYPE = /^[a-z]+\d[a-z0-9-]*\.(nano|micro|small|medium|\d*x?large|metal(-\w+)?)$/;

/** What the record says of the launch source. In that of a launch by an AWS service there is no launch template. */
function describeLaunch({ launch, caller, autoScalingGroups, notVisible }: RefusedLaunchDetail): string {
  const { launchTemplateId, launchTemplateName, launchTemplateVersion = '$Default' } = launch;
  const { fleetId, imageId, instanceType, subnetId, httpTokens } = launch;
  const template = launchTemplateId ?? launchTemplateName;
  const parts = [
    caller.invokedBy === AUTO_SCALING && describeGroups(autoScalingGroups, notVisible),
    template && defang(`launch template ${template} version ${launchTemplateVersion}`),
    fleetId && defang(`fleet ${fleetId}`),
    imageId && defang(`AMI ${imageId}`),
    instanceType && `instance type ${INSTANCE_TYPE.test(instanceType) ? instanceType : defang(instanceType)}`,
    subnetId && defang(subnetId),
    httpTokens && defang(`the call itself asked for HttpTokens=${httpTokens}`),
  ];
  const named = parts.filter((part) => typeof part === 'string' && part !== '');
  return named.length > 0 ? named.join(', ') : 'the record does not say what was launched';
}

/** The groups that could not launch in the same minutes. The record names none. */
function describeGroups(groups: readonly string[] = [], notVisible?: string): string {
  const names = groups.map((name) => defang(name)).join(' ');
  if (groups.length === 1) return `Auto Scaling group ${names}`;
  if (groups.length > 1) return `one of the Auto Scaling groups ${names}`;
  return `an Auto Scaling group: which is not visible from here${notVisible === undefined ? '' : ` (${defang(notVisible)})`}`;
}

function launchAdvice({ launch, caller, autoScalingGroups = [] }: RefusedLaunchDetail, region: string): Advice {
  const { launchTemplateId, launchTemplateName, launchTemplateVersion, httpTokens } = launch;
  const readiness = `imdsv2 readiness --regions ${region}`;
  if (caller.invokedBy === AUTO_SCALING) {
    const find = `aws autoscaling describe-scaling-activities --region ${region} --query "Activities[?StatusCode=='Failed' && contains(StatusMessage, 'IMDSv1')].[AutoScalingGroupName,StartTime]" --output text`;
    return {
      text: 'imdsv2 readiness names what the group launches, and the next step for each launch source that is refused.',
      commands: [...(autoScalingGroups.length > 0 ? [] : [find]), readiness],
    };
  }
  if (httpTokens !== undefined) {
    return { text: 'The caller must launch with --metadata-options HttpTokens=required.', commands: [] };
  }
  if (launchTemplateId === undefined && launchTemplateName !== undefined) {
    return { text: 'imdsv2 readiness has the id of the launch template and the next step.', commands: [readiness] };
  }
  const source: LaunchSource = launchTemplateId === undefined ? {} : { launchTemplateId, launchTemplateVersion };
  return prevention({ region }, source, false);
}

function weakenedDefaults(event: WeakenedDefaultsDetail, region: string): Section {
  const { requested, restored } = event;
  const lines = [
    `METADATA DEFAULTS WEAKENED (${restored ? 'MEDIUM' : 'HIGH'})`,
    line('What happened', `The metadata defaults were set to ${optionsOf(requested)}. ${stateOf(event)}`),
    line('So what', consequenceOf(requested)),
    ...whoAndWhen(event),
    line('Why', `${event.trigger}; the record does not have the defaults before the call`),
  ];
  return { lines, advice: restored ? [] : [['What now', restoration(requested, region)]] };
}

const optionsOf = (options: PreventingDefaults): string =>
  Object.entries(options)
    .map(([name, value]: [string, string]) => `${name}=${defang(value)}`)
    .join(', ');

/** The defaults as they were read before the alert. */
function stateOf({ now, notVisible, restored }: WeakenedDefaultsDetail): string {
  if (now === undefined) return `Whether they still are is not visible from here: ${defang(notVisible ?? 'not read')}.`;
  const { managedBy, ...options } = now;
  const by = managedBy === 'declarative-policy' ? ', by a declarative policy of the organization' : '';
  return restored ? `They are strong again: ${optionsOf(options)}${by}.` : `They are now ${optionsOf(options)}${by}.`;
}

function consequenceOf({ HttpTokens, HttpTokensEnforced }: PreventingDefaults): string {
  const parts = [
    HttpTokens !== undefined && 'launches that do not state HttpTokens can have IMDSv1 enabled',
    HttpTokensEnforced !== undefined && 'EC2 refuses neither launches with IMDSv1 nor calls that enable it',
  ];
  return parts.filter((part) => typeof part === 'string').join('; ');
}

/** How to set what was weakened again. */
function restoration({ HttpTokens, HttpTokensEnforced }: PreventingDefaults, region: string): Advice {
  const options = [
    ...(HttpTokens === undefined ? [] : ['--http-tokens required']),
    ...(HttpTokensEnforced === undefined ? [] : ['--http-tokens-enforced enabled']),
  ];
  return {
    text: 'Check that the change was approved. If it was not, this sets the defaults again:',
    commands: [`aws ec2 modify-instance-metadata-defaults --region ${region} ${options.join(' ')}`],
  };
}

function whoAndWhen({ caller, count: calls, firstSeen, lastSeen }: Happened): readonly string[] {
  const [first, last] = [firstSeen, lastSeen].map((time) => iso(new Date(time)));
  const { cloudTrailEventId } = caller;
  return [
    line('Who', describeCallers([caller])),
    ...(cloudTrailEventId === undefined ? [] : [line('CloudTrail event', defang(cloudTrailEventId))]),
    line(
      'When',
      calls === 1 ? String(last) : `first ${String(first)}, last ${String(last)}, ${plural(calls, 'event')}`,
    ),
  ];
}
