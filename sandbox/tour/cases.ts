import type { Case } from './case.ts';
import * as launches from './launch-cases.ts';
import * as others from './other-cases.ts';

/** The tour, in the order it is shown. */
export const CASES: readonly Case[] = [
  launches.launched,
  launches.compliant,
  launches.several,
  launches.endpointDisabled,
  launches.exemptions,
  others.setBack,
  others.exemptionTag,
  launches.failed,
  others.lostEvent,
  launches.autoScaling,
  others.notVisible,
  others.oldInstance,
  others.refusedAlert,
];
