import type { Closing, ApplyOptions } from './apply.ts';
import { countsOf } from './show.ts';
import type { Survey } from './plan.ts';

/** The schema of the JSON result of `enforce`, in its `schema` field. */
const SCHEMA = 'imdsv2-enforcer.enforce/v1';

/** How far a run has come; what it did not come to is absent. */
export interface Run {
  readonly account: string | undefined;
  readonly options: ApplyOptions;
  /** Regions that could not be read, and why. */
  readonly unread: ReadonlyMap<string, string>;
  readonly before: Survey;
  readonly closing?: Closing;
  readonly interrupted?: boolean;
  readonly throttled: number;
  readonly after?: Survey;
}

/** A run as one JSON document. */
export function documentOf({ account, options, unread, before, closing, interrupted, throttled, after }: Run): object {
  const { maxExemptionDays, rate, hopLimitAtLeast } = options;
  return {
    schema: SCHEMA,
    account,
    options: { maxExemptionDays, rate, hopLimitAtLeast },
    unread: Object.fromEntries(unread),
    plan: {
      toRemediate: [...before.toRemediate].flatMap(([region, ids]) =>
        ids.map((instanceId) => ({ region, instanceId })),
      ),
      launchSources: before.launchSources,
      hopLimitsToRaise: before.hopLimits,
      leftAlone: Object.fromEntries(before.left),
      notFound: before.unseen,
    },
    result: closing && {
      closed: closing.remediated,
      unneeded: Object.fromEntries(closing.unneeded),
      failed: closing.failed,
      notDone: closing.notDone,
      interrupted,
      throttledCalls: throttled,
      seconds: closing.milliseconds / 1000,
    },
    before: numbersOf(before),
    after: after && numbersOf(after),
  };
}

const numbersOf = (survey: Survey): object => ({
  total: countsOf(survey),
  regions: Object.fromEntries([...survey.tallies].map(([region, { counts }]) => [region, counts])),
});
