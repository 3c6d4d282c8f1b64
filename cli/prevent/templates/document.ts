import { clean } from '../../../lambda/core/text.ts';
import { regionOf } from '../../readiness/document.ts';
import type { RegionReadiness } from '../../readiness/read.ts';
import type { TemplateResult } from './apply.ts';
import type { TemplatePlan } from './plan.ts';
import { changesOf, type InRegion, undoLines } from './show.ts';
import type { UndoPlan } from './undo.ts';

/** The `schema` field of the JSON document. Fields are only ever added to it. */
const SCHEMA = 'imdsv2-enforcer.prevent-templates/v1';

/** A run of the command; parts that it did not get to are absent. */
export interface Run {
  readonly account: string | undefined;
  readonly problems: ReadonlyMap<string, string>;
  readonly before: readonly RegionReadiness[];
  readonly planned?: readonly InRegion<TemplatePlan>[];
  readonly plannedUndo?: readonly InRegion<UndoPlan>[];
  readonly results?: readonly (TemplateResult & { readonly region: string })[];
  readonly undo?: string;
  readonly after?: readonly RegionReadiness[];
}

/** A run as one JSON document. Names are sanitized. */
export const documentOf = ({ account, problems, planned, plannedUndo, results, undo, after, before }: Run): object => ({
  schema: SCHEMA,
  account,
  unreadRegions: Object.fromEntries(problems),
  plan: planned?.map(({ region, plan }) => ({
    region,
    launchTemplateId: plan.template.id,
    launchTemplateName: clean(plan.template.name),
    changes: changesOf(plan),
    versions: plan.creations,
    moves: plan.moves.map(({ group, source }) => ({ autoScalingGroup: clean(group), from: source })),
    defaultFrom: plan.defaultFrom,
    leftOut: plan.leftOut.map(({ launcher, version, why }) => ({
      kind: launcher.kind,
      name: clean(launcher.name),
      version,
      why,
    })),
  })),
  undoPlan: plannedUndo?.map(({ region, plan }) => ({
    region,
    launchTemplateId: plan.template.id,
    changes: undoLines(plan),
  })),
  result: results?.map(({ region, template, created, moved, defaultVersion, failure }) => ({
    region,
    launchTemplateId: template.id,
    created,
    moved,
    defaultVersion,
    failure,
  })),
  undo,
  before: before.map(regionOf),
  after: after?.map(regionOf),
});
