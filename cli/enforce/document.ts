import type { ApplyOptions, RemediationResult } from './apply.ts';
import type { Plan } from './plan.ts';
import type { PostChange } from './post-change.ts';

/** The `schema` field of the JSON document. */
const SCHEMA = 'imdsv2-enforcer.enforce/v1';

/** A run of the command; parts that it did not get to are absent. */
export interface Run {
  readonly account: string | undefined;
  readonly options: ApplyOptions;
  /** Why a Region could not be read, by Region. */
  readonly unreadRegions: ReadonlyMap<string, string>;
  readonly before: Plan;
  readonly result?: RemediationResult;
  readonly interrupted?: boolean;
  readonly throttled: number;
  readonly after?: Plan;
  readonly postChange?: PostChange;
}

/** A run as one JSON document. */
export function documentOf(run: Run): object {
  const { account, options, unreadRegions, before, result, interrupted, throttled, after, postChange } = run;
  const { maxExemptionDays, rate, hopLimitAtLeast } = options;
  return {
    schema: SCHEMA,
    account,
    options: { maxExemptionDays, rate, hopLimitAtLeast },
    unreadRegions: Object.fromEntries(unreadRegions),
    plan: {
      toRemediate: [...before.toRemediate].flatMap(([region, ids]) =>
        ids.map((instanceId) => ({ region, instanceId })),
      ),
      launchSources: before.launchSources,
      hopLimitsToRaise: before.hopLimitsToRaise,
      unchanged: Object.fromEntries(before.unchanged),
      leftOut: before.leftOut,
      included: before.included,
      wrongExemptions: before.wrongExemptions,
      notFound: before.notFound,
    },
    result: result && {
      remediated: result.remediated,
      unchanged: Object.fromEntries(result.unchanged),
      failed: result.failed,
      remaining: result.remaining,
      interrupted,
      throttledCalls: throttled,
      seconds: result.milliseconds / 1000,
    },
    before: complianceOf(before),
    after: after && complianceOf(after),
    postChangeCheck: postChange,
  };
}

const complianceOf = (plan: Plan): object => ({
  total: plan.totalCompliance.counts,
  regions: Object.fromEntries([...plan.compliance].map(([region, { counts }]) => [region, counts])),
});
