/** What only people do to instances. No function imports it: the code that could weaken an instance is not in its bundle. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  type EC2Client,
  ModifyInstanceMetadataOptionsCommand,
} from '@aws-sdk/client-ec2';
import type { AllowingWriter, ExemptionWriter, HopLimitWriter } from '../app/ports.ts';
import { TAG } from '../contract.ts';
import { CHANGE } from '../core/decide.ts';
import { ALLOWANCE } from '../core/rollback.ts';
import { readDefaults } from './ec2-defaults.ts';
import { ec2Writer, toOptions } from './ec2-instances.ts';
import { failing, toFailure } from './failures.ts';

type Clients = (region: string) => EC2Client;

/** Changes instances and raises hop limits. Needs `ec2:ModifyInstanceMetadataOptions`. */
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

/** Allows IMDSv1 again. Needs `ec2:ModifyInstanceMetadataOptions` and `ec2:GetInstanceMetadataDefaults`. */
export function ec2AllowingWriter(client: Clients): AllowingWriter {
  return {
    mayAllow: async (region, InstanceId) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...ALLOWANCE, DryRun: true });
      try {
        await client(region).send(command);
      } catch (error) {
        // That is how EC2 says that it would have done it.
        if (!(error instanceof Error && error.name === 'DryRunOperation')) throw toFailure(error);
      }
    },
    allow: async (region, InstanceId) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...ALLOWANCE });
      const { InstanceMetadataOptions } = await failing(client(region).send(command));
      return toOptions(InstanceMetadataOptions ?? ALLOWANCE);
    },
    defaults: (region) => readDefaults(client(region)),
  };
}

/** Writes exemption tags. Needs `ec2:CreateTags` and `ec2:DeleteTags`. */
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
      // Without a value, EC2 removes the tag whatever its value is.
      const Tags = [{ Key: TAG.exemptUntil }, { Key: TAG.exemptReason }];
      await failing(client(region).send(new DeleteTagsCommand({ Resources: [...instanceIds], Tags })));
    },
  };
}
