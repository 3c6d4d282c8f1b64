import type { TriggerTraits } from '../core/trigger.ts';

/** The command line. It measures usage before it changes an instance, as a scan does. */
export const command: TriggerTraits = { name: 'command' };

/** The command that enables IMDSv1 on an instance again and exempts it. */
export const rollback: TriggerTraits = {
  name: 'rollback',
  exemptionTag: 'set',
  exposedByCall: true,
  sentences: {
    exempt:
      'IMDSv1 was enabled again, and the instance was exempted, with imdsv2 rollback. Check that it was approved.',
  },
};
