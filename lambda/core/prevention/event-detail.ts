import { PREVENTION_SCHEMA } from '../../contract.ts';
import { groupBy } from '../group-by.ts';
import {
  type DefaultsWeakened,
  isRestored,
  type LaunchRefused,
  type PreventingDefaults,
  type PreventionEvent,
  type RequestedLaunch,
} from './event.ts';
import type { AccountDefaults } from '../rollback.ts';
import type { Caller } from '../target.ts';
import { clean, cleanAll } from '../text.ts';

/**
 * Events about prevention in a region as data: the detail of their event and the JSON form, schema
 * `imdsv2-enforcer.prevention/v1`. The email is written from it.
 *
 * Untrusted input is sanitized. New versions only add fields.
 */
export interface PreventionDetail {
  readonly schema: typeof PREVENTION_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly severity: 'MEDIUM' | 'HIGH';
  readonly account: string;
  readonly region: string;
  readonly events: readonly (RefusedLaunchDetail | WeakenedDefaultsDetail)[];
}

/** What both kinds of events have. */
interface Happened {
  /** Name of the trigger. */
  readonly trigger: string;
  /** Number of calls that this stands for: in an event 1, in an alert those of one launch source together. */
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Id of the latest event. */
  readonly eventId: string;
  /** Who made the latest call. */
  readonly caller: Caller;
}

/** Launches of one source that EC2 refused. */
export interface RefusedLaunchDetail extends Happened {
  readonly kind: LaunchRefused['kind'];
  readonly launch: RequestedLaunch;
  /**
   * Auto Scaling groups whose launches were refused in the same minutes; absent if Auto Scaling did not launch. The record
   * does not name the group, so that several may be meant.
   */
  readonly autoScalingGroups?: readonly string[];
  /** Why the groups could not be read. */
  readonly notVisible?: string;
  readonly errorMessage: string;
}

/** A call that weakened the metadata defaults of the account, or ended their enforcement. */
export interface WeakenedDefaultsDetail extends Happened {
  readonly kind: DefaultsWeakened['kind'];
  /** The weaker values that the call set. */
  readonly requested: PreventingDefaults;
  /** The defaults as they were read before the alert; absent if that was not possible. */
  readonly now?: PreventingDefaults & { readonly managedBy?: string };
  /** Why they could not be read. */
  readonly notVisible?: string;
  /** Whether everything that the call weakened was strong again. */
  readonly restored: boolean;
}

/** What is read before an alert, or why it could not be read. */
export type OrNotVisible<T> = T | { readonly notVisible: string };

/** What is known of a region beside the record of a call. */
export interface Findings {
  /** The defaults, for a call that weakened them. */
  readonly defaults?: OrNotVisible<AccountDefaults>;
  /** The groups whose launches were refused, for a launch by Auto Scaling. */
  readonly groups?: OrNotVisible<readonly string[]>;
}

/** The data of one event. */
export function toPreventionDetail(event: PreventionEvent, { defaults, groups }: Findings): PreventionDetail {
  const { account, region, trigger, occurredAt, eventId, caller } = event;
  const time = occurredAt.toISOString();
  const base = {
    trigger,
    count: 1,
    firstSeen: time,
    lastSeen: time,
    eventId: clean(eventId),
    caller: cleanAll(caller),
  };
  const place = { schema: PREVENTION_SCHEMA, account, region } as const;
  if (event.kind === 'launch-refused') {
    const { kind, launch, errorMessage } = event;
    const refused = {
      ...base,
      kind,
      launch: cleanAll(launch),
      ...groupsOf(groups),
      errorMessage: clean(errorMessage, LONGEST_MESSAGE),
    };
    return { ...place, severity: severityOf([refused]), events: [refused] };
  }
  const { kind, requested } = event;
  const weakenedDefaults = { ...base, kind, requested: cleanAll(requested), ...seenNow(requested, defaults) };
  return { ...place, severity: severityOf([weakenedDefaults]), events: [weakenedDefaults] };
}

/** A refused launch has harmed no one yet; weakened defaults have, until they are strong again. */
const severityOf = (events: PreventionDetail['events']): PreventionDetail['severity'] =>
  events.some((event) => event.kind === 'defaults-weakened' && !event.restored) ? 'HIGH' : 'MEDIUM';

/** The message of EC2 has about 300 characters. */
const LONGEST_MESSAGE = 400;

/** Most groups that an alert names. */
const MOST_GROUPS = 10;

function groupsOf(groups: Findings['groups']): Pick<RefusedLaunchDetail, 'autoScalingGroups' | 'notVisible'> {
  if (groups === undefined) return {};
  if ('notVisible' in groups) return { notVisible: clean(groups.notVisible) };
  return { autoScalingGroups: groups.slice(0, MOST_GROUPS).map((name) => clean(name, LONGEST_NAME)) };
}

/** The longest name of a group. */
const LONGEST_NAME = 255;

function seenNow(
  requested: PreventingDefaults,
  now: Findings['defaults'],
): Pick<WeakenedDefaultsDetail, 'now' | 'notVisible' | 'restored'> {
  if (now === undefined) return { restored: false };
  if ('notVisible' in now) return { notVisible: clean(now.notVisible), restored: false };
  const { HttpTokens = 'no-preference', HttpTokensEnforced = 'disabled', ManagedBy } = now;
  const current = { HttpTokens, HttpTokensEnforced };
  return { now: cleanAll({ ...current, managedBy: ManagedBy }), restored: isRestored(requested, current) };
}

/** Most events of one message, so that it fits into SNS: each takes up to 5 KB in both forms. */
const MOST_EVENTS = 20;

/**
 * Events of one account and region for one message, or several if there are many: those of one launch source together,
 * and what was delivered twice once.
 */
export function mergePrevention(details: readonly PreventionDetail[]): PreventionDetail[] {
  const [first] = details;
  if (first === undefined) return [];
  const events = new Map(details.flatMap((detail) => detail.events).map((event) => [event.eventId, event]));
  const byTime = [...events.values()].sort((a, b) => a.lastSeen.localeCompare(b.lastSeen));
  const merged = [...groupBy(byTime, subjectOf).values()].flatMap((group) => {
    const latest = group.at(-1);
    if (latest === undefined) return [];
    const firstSeen = group.map((event) => event.firstSeen).sort()[0] ?? latest.firstSeen;
    return [{ ...latest, firstSeen, count: group.reduce((sum, event) => sum + event.count, 0) }];
  });
  // What weakens prevention for every launch of the region comes before what a single launch source did.
  const rank = ({ kind }: (typeof merged)[number]) => (kind === 'defaults-weakened' ? 0 : 1);
  merged.sort((a, b) => rank(a) - rank(b));
  return Array.from({ length: Math.ceil(merged.length / MOST_EVENTS) }, (_, index) => {
    const events = merged.slice(index * MOST_EVENTS, (index + 1) * MOST_EVENTS);
    return { ...first, severity: severityOf(events), events };
  });
}

/** What an event is about: of a refused launch, its source; every change of the defaults is a subject of its own. */
export function subjectOf(event: PreventionDetail['events'][number]): string {
  if (event.kind === 'defaults-weakened') return JSON.stringify([event.kind, event.eventId]);
  const { launchTemplateId, launchTemplateName, launchTemplateVersion, imageId, instanceType, subnetId } = event.launch;
  const { principal, invokedBy } = event.caller;
  const { autoScalingGroups = [] } = event;
  if (autoScalingGroups.length > 0) return JSON.stringify([event.kind, invokedBy, ...autoScalingGroups]);
  const template = launchTemplateId ?? launchTemplateName;
  const source = template === undefined ? [imageId, instanceType, subnetId] : [template, launchTemplateVersion];
  return JSON.stringify([event.kind, invokedBy ?? principal, ...source]);
}
