import type { TriggerTraits } from '../core/trigger.ts';

/** The command line. The user named the instances, so the setting for existing instances does not apply. */
export const command: TriggerTraits = { name: 'command', exposure: 'new' };
