import type { Existing } from '../../lambda/contract.ts';
import { clean } from '../../lambda/core/text.ts';
import type { Command } from '../common/command.ts';
import { ENFORCE_SINCE_OPTION, EXISTING_OPTION, MAX_EXEMPTION_OPTION, JSON_OPTION } from '../common/options.ts';
import { jsonReplay } from './json.ts';
import type { Replayed } from './judge.ts';
import { replayFiles } from './read.ts';
import { tableReplay } from './show.ts';
import { Totals } from './totals.ts';

/** The longest path that is printed. */
const MAX_PATH = 400;

interface ReplayOptions {
  readonly existing: Existing;
  readonly enforceSince?: string;
  readonly maxExemptionDays: number;
  readonly all?: true;
  readonly json?: true;
}

export const replay: Command<ReplayOptions> = {
  name: 'replay',
  summary: 'Show what would have been decided on recorded events, without an AWS account',
  details: `Reads CloudTrail log files (.json, .json.gz, directories of a trail's bucket), the output of "aws cloudtrail lookup-events", EventBridge events (one, a list, one per line, or without separators, as Firehose writes them), exports and subscriptions of CloudWatch Logs that have such events, and the output of "aws ec2 describe-instances". Events are matched against the patterns of the deployed rules and decided as of the time of the event; instances are decided as by the scheduled scan, as of now.

A record does not have all properties of an instance. If the decision depends on a missing one, the output names the assumption. Events that no rule matches are counted by the reason.

Exit code 0: everything was read. 1: something could not be read; the rest is shown.`,
  args: [{ name: '<file...>', description: 'files or directories' }],
  options: [
    EXISTING_OPTION,
    ENFORCE_SINCE_OPTION,
    MAX_EXEMPTION_OPTION,
    { flags: '--all', description: 'also show events that match no rule; JSON always has them' },
    JSON_OPTION,
  ],
  examples: [
    [
      'imdsv2 replay AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11',
      'a month of log files, downloaded from the bucket of a trail',
    ],
    ['imdsv2 replay events.jsonl --existing enforce', 'with that setting of the deployment'],
    ['aws ec2 describe-instances > fleet.json && imdsv2 replay fleet.json', 'the instances of another account'],
  ],
  run: async (paths, options, io) => {
    const { existing, enforceSince, maxExemptionDays, all = false } = options;
    const policy = { existing, enforceSince, maxExemptionDays };
    const totals = new Totals();
    const output = options.json ? jsonReplay(policy, io) : tableReplay(all, io);
    const add = (replayed: Replayed) => {
      totals.add(replayed);
      output.add(replayed);
    };
    for await (const file of replayFiles(paths, policy, add, io)) totals.addFile(file);
    output.end(totals);
    for (const { path, problems } of totals.unreadable) {
      for (const problem of problems) io.note(`imdsv2: ${clean(path, MAX_PATH)}: ${problem}`);
    }
    return totals.unreadable.length > 0 ? 1 : 0;
  },
};
