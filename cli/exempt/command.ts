import type { CommandGroup } from '../shared/command.ts';
import { grant } from './grant.ts';
import { list } from './list.ts';
import { revoke } from './revoke.ts';

/** Dated exemptions. */
export const exempt: CommandGroup = {
  name: 'exempt',
  summary: 'grants, lists and revokes dated exemptions',
  details:
    'An exemption is the tag imdsv2:exempt-until with a calendar day, valid through its end in UTC. An exempt instance is left alone, and may be set back to IMDSv1.',
  examples: [],
  subcommands: [grant, list, revoke],
};
