import { DETAIL_TYPES, SOURCE } from '../contract.ts';
import type { DigestDetail } from './digest-detail.ts';
import type { OutcomeDetail } from './outcome-detail.ts';
import { instanceArn } from './partition.ts';
import type { PreventionDetail } from './prevention/event-detail.ts';
import type { WorkloadImpactDetail } from './workload-impact.ts';

/** What an event on the bus of outcomes says; `schema` names its kind. */
export type EventDetail = OutcomeDetail | DigestDetail | WorkloadImpactDetail | PreventionDetail;

/** An event on the bus of outcomes. EventBridge adds the account and the region of the deployment. */
export interface OutcomeEvent {
  readonly source: typeof SOURCE;
  readonly detailType: (typeof DETAIL_TYPES)[EventDetail['schema']];
  readonly time: Date;
  /** The ARNs of the instances. */
  readonly resources: readonly string[];
  readonly detail: EventDetail;
}

/** The event of an outcome, a digest, workload impact or prevention. @param time when it came about. */
export function toOutcomeEvent(detail: EventDetail, time: Date): OutcomeEvent {
  return { source: SOURCE, detailType: DETAIL_TYPES[detail.schema], time, resources: resourcesOf(detail), detail };
}

function resourcesOf(detail: EventDetail): readonly string[] {
  switch (detail.schema) {
    case 'imdsv2-enforcer.outcome/v1':
      return [detail.instanceArn];
    case 'imdsv2-enforcer.workload-impact/v1':
      return detail.instances.map(({ instanceId }) => instanceArn(detail.account, detail.region, instanceId));
    case 'imdsv2-enforcer.digest/v1':
    case 'imdsv2-enforcer.prevention/v1':
      return [];
  }
}

/** The detail of an event as it is read back; `undefined` for anything else. */
export function readDetail(event: unknown): EventDetail | undefined {
  const { source, detail } = (event ?? {}) as { readonly source?: unknown; readonly detail?: unknown };
  if (source !== SOURCE || typeof detail !== 'object' || detail === null) return undefined;
  const { schema, severity, account, region } = detail as Readonly<Record<string, unknown>>;
  const known = typeof schema === 'string' && Object.hasOwn(DETAIL_TYPES, schema);
  const placed = [severity, account, region].every((value) => typeof value === 'string');
  return known && placed ? (detail as EventDetail) : undefined;
}
