import type { CommandGroup } from '../common/command.ts';
import { defaults } from './defaults.ts';
import { enforcement } from './enforcement.ts';
import { templates } from './templates/command.ts';

export const prevent: CommandGroup = {
  name: 'prevent',
  summary: 'Change what launches instances with IMDSv1: launch templates, account default, enforcement',
  details:
    'In this order: templates, so that what launches again and again requires IMDSv2; defaults, for what states nothing; enforcement, when imdsv2 readiness says READY. Each shows its plan, asks, and prints how to undo it.',
  examples: [],
  subcommands: [templates, defaults, enforcement],
};
