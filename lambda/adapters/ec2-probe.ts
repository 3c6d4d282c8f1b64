import { type EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import type { PermissionProbe, ProbeAnswer } from '../app/ports.ts';
import { CHANGE } from '../core/decide.ts';
import { clean } from '../core/text.ts';
import { toFailure } from './failures.ts';

/** Long enough for EC2 to say which kind of policy it was; what follows is encoded. */
const SAID = 400;

/** Asks EC2 by dry runs. Needs what it asks about, and nothing else. */
export function ec2Probe(client: (region: string) => EC2Client): PermissionProbe {
  return {
    dryRun: async (region, InstanceId, HttpTokens) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ ...CHANGE, InstanceId, HttpTokens, DryRun: true });
      try {
        await client(region).send(command);
      } catch (error) {
        return answerIn(error);
      }
      return { verdict: 'unclear', said: 'EC2 carried out what was to be a dry run' };
    },
  };
}

/**
 * EC2 answers every dry run with an error.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html
 */
function answerIn(error: unknown): ProbeAnswer {
  const { kind, message } = toFailure(error);
  const isAllowed = error instanceof Error && error.name === 'DryRunOperation';
  if (isAllowed) return { verdict: 'allowed', said: 'DryRunOperation' };
  return { verdict: kind === 'denied' ? 'denied' : 'unclear', said: clean(message, SAID) };
}
