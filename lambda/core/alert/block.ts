import type { Advice } from '../advice.ts';
import type { MetadataOptions } from '../instance.ts';
import type { OutcomeDetail } from '../outcome-detail.ts';
import { defang } from '../text.ts';
import { describeCallers } from '../words/caller.ts';
import { CONTROLS_NOTE } from '../words/compliance.ts';
import { duration, iso, plural } from '../words/format.ts';
import { describeLaunchSource } from '../words/launch-source.ts';
import { describeRepeatedDrift } from '../words/repeated-drift.ts';
import { type AlertOptions, undo, whatNow } from './advice.ts';
import type { Block } from './group.ts';
import { line, listed, listedSafely } from './lines.ts';

/** Most ids that the text names; the JSON form names all. */
const IDS = 25;

/** The block of an email about what happened to the instances of one launch source. */
export function renderBlock(block: Block, options: AlertOptions): string {
  const { occurrences, details, severity } = block;
  const latest = occurrences.map((occurrence) => occurrence.latest);
  const [sample] = latest;
  if (sample === undefined) return '';
  const one = latest.length === 1;
  const optional = (label: string, value: string | undefined) => (value === undefined ? [] : [line(label, value)]);
  return [
    `${one ? sample.instanceId : `${plural(latest.length, 'instance')}`}: ${sample.status.toUpperCase()} (${severity})`,
    line('What happened', whatHappened(block)),
    ...optional('Detail', listedSafely(latest.map(({ detail }) => detail))),
    line('So what', soWhat(latest, options.now)),
    line('Who', describeCallers(details.map(({ caller }) => caller))),
    ...optional('Repeated drift', repeatedDrift(latest)),
    ...optional('CloudTrail event', listedSafely(details.map(({ caller }) => caller?.cloudTrailEventId))),
    line(
      one ? 'Instance' : 'Instances',
      listed(
        latest.map(({ instanceId }) => instanceId),
        IDS,
      ) ?? '',
    ),
    ...optional('Name', listedSafely(latest.map(({ name }) => name))),
    line('Where', where(latest)),
    line('When', when(block)),
    line('Why', `${sample.trigger}; ${describeLaunchSource(sample.launchSource)}`),
    line('Options', listed(latest.map(({ before, after }) => change(before, after))) ?? 'not read'),
    ...optional('Exemption', listed(latest.map(exemptionNote))),
    ...whatNow(block, options).flatMap((advice) => adviceLines('What now', advice)),
    ...adviceLines('Undo', undo(block, options)),
    line('Controls', CONTROLS_NOTE),
  ].join('\n');
}

const adviceLines = (label: string, { text, commands, inCode = {} }: Advice): string[] => [
  line(label, text),
  ...commands,
  ...Object.entries(inCode).map(([tool, form]) => `In ${tool}: ${form}`),
];

function whatHappened({ occurrences, details }: Block): string {
  const explanations = [...new Set(occurrences.map(({ latest }) => latest.explanation))].join(' ');
  const repeated = details.length - occurrences.length;
  if (repeated === 0) return explanations;
  return `${explanations} ${occurrences.length === 1 ? `${details.length} times in this window.` : `${details.length} events in this window.`}`;
}

function soWhat(latest: readonly OutcomeDetail[], now: Date): string {
  const parts = [
    exposure(latest, now),
    named(
      'instance profile',
      latest.map(({ instanceProfile }) => instanceProfile),
    ) ?? 'no instance profile',
    named(
      'public or IPv6 address',
      latest.flatMap(({ publicAddresses = [] }) => publicAddresses),
    ) ?? 'no public address',
    named(
      'VPC',
      latest.map(({ vpcId }) => vpcId),
    ),
    named(
      'owner',
      latest.map(({ owner }) => owner),
    ),
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}

function named(what: string, values: readonly (string | undefined)[]): string | undefined {
  const text = listedSafely(values);
  return text === undefined ? undefined : `${what} ${text}`;
}

/** How long IMDSv1 was, or has been, enabled: of several instances, the longest time. */
function exposure(latest: readonly OutcomeDetail[], now: Date): string {
  const ended = latest.flatMap(({ exposedSeconds }) => exposedSeconds ?? []);
  const upTo = latest.length > 1 ? 'up to ' : '';
  if (ended.length > 0) return `IMDSv1 was enabled for ${upTo}${duration(Math.max(...ended) * 1000)}`;
  const [since] = latest.flatMap(({ exposedSince }) => exposedSince ?? []).sort();
  if (since === undefined) return 'how long IMDSv1 was enabled is not known';
  const span = `${upTo}${duration(now.getTime() - new Date(since).getTime())} (since ${since.slice(0, 10)})`;
  const [sample] = latest;
  return `IMDSv1 ${sample?.status === 'already-remediated' ? 'was' : 'has been'} enabled for ${span}`;
}

/** Of several instances, each with its id. */
function repeatedDrift(latest: readonly OutcomeDetail[]): string | undefined {
  const notes = latest.flatMap(({ instanceId, repeatedDrift }) => {
    if (repeatedDrift === undefined) return [];
    const note = describeRepeatedDrift(repeatedDrift);
    return [latest.length === 1 ? note : `${instanceId}: ${note}`];
  });
  return listed(notes, IDS);
}

function where(latest: readonly OutcomeDetail[]): string {
  const [sample] = latest;
  const parts = [
    `account ${sample?.account ?? ''}`,
    sample?.region,
    latest.length === 1 ? sample?.consoleUrl : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function when({ details, occurrences }: Block): string {
  const [first, last] = [details[0], details.at(-1)];
  if (first === undefined || last === undefined) return '';
  if (details.length > 1)
    return `first ${seconds(first.occurredAt)}, last ${seconds(last.occurredAt)}, ${plural(details.length, 'event')}`;
  const { launchTime } = occurrences[0]?.latest ?? {};
  const launched = launchTime === undefined ? '' : `launched ${seconds(launchTime)}; `;
  return `${launched}event ${seconds(first.occurredAt)}; evaluated ${seconds(first.settledAt)}`;
}

const seconds = (time: string): string => iso(new Date(time));

function change(before: MetadataOptions | undefined, after: MetadataOptions | undefined): string | undefined {
  if (before === undefined) return undefined;
  const fields = ['HttpTokens', 'HttpEndpoint', 'HttpPutResponseHopLimit'] as const;
  return fields
    .map((field) => {
      const [was, is] = [before[field], after?.[field] ?? before[field]].map((value) =>
        defang(String(value ?? 'not stated')),
      );
      return was === is ? `${field} ${was}` : `${field} ${was} -> ${is}`;
    })
    .join(', ');
}

function exemptionNote({ exemption }: OutcomeDetail): string | undefined {
  if (exemption === undefined) return undefined;
  const { until, reason, owner } = exemption;
  const parts = [`until ${defang(until)}`, owner && `owner ${defang(owner)}`, reason && `reason ${defang(reason)}`];
  return parts.filter(Boolean).join(', ');
}
