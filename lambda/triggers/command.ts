import type { TriggerTraits } from '../core/trigger.ts';

/** The command line. It measures usage before it changes an instance, as a scan does. */
export const command: TriggerTraits = { name: 'command' };
