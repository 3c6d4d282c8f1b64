import type { CommandGroup } from '../common/command.ts';
import { grant } from './grant.ts';
import { list } from './list.ts';
import { revoke } from './revoke.ts';

export const exempt: CommandGroup = {
  name: 'exempt',
  summary: 'Grant, list and revoke dated exemptions',
  details:
    'An exemption is the tag imdsv2:exempt-until with a date, valid through the end of that day in UTC. While it is valid, the instance is not remediated and may have IMDSv1 enabled.',
  examples: [],
  subcommands: [grant, list, revoke],
};
