/** Changes that only the command line makes. No function imports this file, so no bundle can allow IMDSv1. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  type EC2Client,
  ModifyInstanceMetadataOptionsCommand,
} from '@aws-sdk/client-ec2';
import type { ExemptionWriter, HopLimitWriter, RollbackWriter } from '../app/ports/index.ts';
import { TAG } from '../contract.ts';
import { CHANGE } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { ALLOWANCE } from '../core/rollback.ts';
import { readDefaults } from './ec2-defaults.ts';
import { ec2Writer, toOptions } from './ec2-instances.ts';
import { failing, toFailure } from './failures.ts';

type Clients = (region: string) => EC2Client;

/** Requires IMDSv2 and raises hop limits. Needs `ec2:ModifyInstanceMetadataOptions`. */
export function ec2HopLimitWriter(client: Clients): HopLimitWriter {
  return {
    ...ec2Writer(client),
    requireTokensWithin: async (region, InstanceId, HttpPutResponseHopLimit) => {
      const change = { ...CHANGE, HttpPutResponseHopLimit };
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...change });
      const { InstanceMetadataOptions } = await failing(client(region).send(command));
      return toOptions(InstanceMetadataOptions ?? change);
    },
  };
}

/** Allows IMDSv1 again. Needs `ec2:ModifyInstanceMetadataOptions`, `ec2:GetInstanceMetadataDefaults`. */
export function ec2RollbackWriter(client: Clients): RollbackWriter {
  return {
    checkAllowed: async (region, InstanceId) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...ALLOWANCE, DryRun: true });
      try {
        await client(region).send(command);
      } catch (error) {
        // EC2 reports the success of a dry run as this error.
        if (error instanceof Error && error.name === 'DryRunOperation') return;
        throw toFailure(error);
      }
      const problem = `EC2 answered a dry run with success, so IMDSv1 may now be enabled on ${InstanceId}`;
      throw new FailureError('unknown', `${problem}: see imdsv2 explain ${InstanceId} --region ${region}`);
    },
    allow: async (region, InstanceId) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...ALLOWANCE });
      const { InstanceMetadataOptions } = await failing(client(region).send(command));
      return toOptions(InstanceMetadataOptions ?? ALLOWANCE);
    },
    defaults: (region) => readDefaults(client(region)),
  };
}

/** Writes and removes exemption tags. Needs `ec2:CreateTags` and `ec2:DeleteTags`. */
export function ec2ExemptionWriter(client: Clients): ExemptionWriter {
  return {
    grant: async (region, instanceIds, until, reason) => {
      const Tags = [
        { Key: TAG.exemptUntil, Value: until },
        { Key: TAG.exemptReason, Value: reason },
      ];
      await failing(client(region).send(new CreateTagsCommand({ Resources: [...instanceIds], Tags })));
    },
    revoke: async (region, instanceIds) => {
      // Without a value, EC2 removes the tag regardless of its value.
      const Tags = [{ Key: TAG.exemptUntil }, { Key: TAG.exemptReason }];
      await failing(client(region).send(new DeleteTagsCommand({ Resources: [...instanceIds], Tags })));
    },
  };
}
