import { type EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import type { PermissionProbe, ProbeAnswer } from '../app/ports/index.ts';
import { CHANGE } from '../core/decide.ts';
import { clean } from '../core/text.ts';
import { toFailure } from './failures.ts';

/** Long enough for the part of the message that names the kind of policy; the part after it is encoded. */
const MESSAGE_LENGTH = 400;

/** Probes permissions by dry runs of ModifyInstanceMetadataOptions. */
export function ec2Probe(client: (region: string) => EC2Client): PermissionProbe {
  return {
    dryRun: async (region, InstanceId, HttpTokens) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ ...CHANGE, InstanceId, HttpTokens, DryRun: true });
      try {
        await client(region).send(command);
      } catch (error) {
        return answerIn(error);
      }
      return { verdict: 'unclear', message: 'EC2 carried out the dry run' };
    },
  };
}

/**
 * Reads the error that EC2 answers to every dry run.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html
 */
function answerIn(error: unknown): ProbeAnswer {
  const { kind, message } = toFailure(error);
  const isAllowed = error instanceof Error && error.name === 'DryRunOperation';
  if (isAllowed) return { verdict: 'allowed', message: 'DryRunOperation' };
  return { verdict: kind === 'denied' ? 'denied' : 'unclear', message: clean(message, MESSAGE_LENGTH) };
}
