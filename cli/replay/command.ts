import type { Existing } from '../../lambda/contract.ts';
import { clean } from '../../lambda/core/text.ts';
import type { Command } from '../shared/command.ts';
import { EXISTING_OPTION, MAX_EXEMPTION_OPTION, JSON_OPTION } from '../shared/options.ts';
import { JsonReplay } from './json.ts';
import { replayFiles } from './read.ts';
import { showTotals, Table } from './show.ts';
import { Totals } from './totals.ts';

/** Longest path that is shown. */
const MAX_PATH = 400;

interface ReplayOptions {
  readonly existing: Existing;
  readonly maxExemptionDays: number;
  readonly all?: true;
  readonly json?: true;
}

/** Recorded events through the same rules, triggers and decision. */
export const replay: Command<ReplayOptions> = {
  name: 'replay',
  summary: 'what would have happened at recorded events; needs no account',
  details: `Reads log files of CloudTrail (.json, .json.gz, folders of a trail's bucket), what "aws cloudtrail lookup-events" prints, events of EventBridge (one, a list, or one a line), and what "aws ec2 describe-instances" prints. Each event goes through the patterns of the deployed rules, the triggers and the decision, as of the time when it happened; instances of a describe-instances go through the decision of the scan, as of now.

A record does not say everything about an instance. Where the decision depends on what it leaves open, that is said.

Exit code: 0 everything was read, 1 something could not be read; the rest is shown all the same.`,
  args: [{ name: '<file...>', description: 'files or folders' }],
  options: [
    EXISTING_OPTION,
    MAX_EXEMPTION_OPTION,
    { flags: '--all', description: 'also show events that no rule would have given to the function; JSON has them' },
    JSON_OPTION,
  ],
  examples: [
    [
      'imdsv2 replay AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11',
      'a month, downloaded from the bucket of a trail',
    ],
    ['imdsv2 replay events.jsonl --existing enforce', 'with that setting of the deployment'],
    ['aws ec2 describe-instances > fleet.json && imdsv2 replay fleet.json', 'a fleet, without giving us access to it'],
  ],
  run: async (paths, options, io) => {
    const { existing, maxExemptionDays, all = false, json = false } = options;
    const policy = { existing, maxExemptionDays };
    const totals = new Totals();
    const table = new Table(all);
    const document = json ? new JsonReplay(policy, io) : undefined;
    await replayFiles(
      paths,
      policy,
      {
        replayed: (replayed) => {
          totals.add(replayed);
          (document ?? table).add(replayed);
        },
        file: (file) => totals.addFile(file),
      },
      io,
    );
    if (document === undefined) {
      table.show(io);
      showTotals(totals, io);
    } else {
      document.end(totals);
    }
    for (const { path, problems } of totals.broken) {
      for (const problem of problems) io.note(`imdsv2: ${clean(path, MAX_PATH)}: ${problem}`);
    }
    return totals.broken.length > 0 ? 1 : 0;
  },
};
