import { type EC2Client, GetInstanceMetadataDefaultsCommand } from '@aws-sdk/client-ec2';
import type { AccountDefaults } from '../core/rollback.ts';
import { failing } from './failures.ts';

/**
 * Reads the account's default metadata options in the client's region.
 *
 * Needs `ec2:GetInstanceMetadataDefaults`.
 *
 * @throws FailureError
 */
export async function readDefaults(client: EC2Client): Promise<AccountDefaults> {
  const { AccountLevel = {} } = await failing(client.send(new GetInstanceMetadataDefaultsCommand({})));
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, HttpTokensEnforced } = AccountLevel;
  const { ManagedBy, ManagedExceptionMessage } = AccountLevel;
  return { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, HttpTokensEnforced, ManagedBy, ManagedExceptionMessage };
}
