import type { TriggerTraits } from '../core/trigger.ts';

/** The command line. The user chose the instances, so the setting `existing` does not apply. */
export const command: TriggerTraits = { name: 'command', exposure: 'new' };
