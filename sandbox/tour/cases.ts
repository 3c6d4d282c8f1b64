import type { Case } from './case.ts';
import * as exposures from './exposure-cases.ts';
import * as launches from './launch-cases.ts';
import * as others from './other-cases.ts';

/** Cases about new launches and drift, in the order in which they are played. */
export const CASES: readonly Case[] = [
  launches.nonCompliantLaunch,
  launches.compliantLaunch,
  launches.severalInstances,
  launches.endpointDisabled,
  launches.exemptions,
  others.drift,
  exposures.harmlessEdits,
  exposures.switchedOn,
  others.exemptionTag,
  exposures.launchedWithExemption,
  launches.failedLaunch,
  others.lostEvent,
  launches.autoScaling,
  others.notVisible,
  others.existingInstance,
  others.refusedAlert,
];
