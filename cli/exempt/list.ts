import { TAG } from '../../lambda/contract.ts';
import { daysLeft, type Exemption, readExemption } from '../../lambda/core/exemption.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { clean } from '../../lambda/core/text.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { readRegions } from '../audit/read.ts';
import { cleanName } from '../audit/row.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { MAX_EXEMPTION_OPTION, JSON_OPTION } from '../common/options.ts';
import { ascending } from '../common/sort.ts';
import { printTable } from '../common/table.ts';

interface ListOptions extends AwsOptions {
  readonly maxExemptionDays: number;
  readonly json?: true;
}

interface Row {
  readonly region: string;
  readonly instanceId: string;
  readonly name: string;
  readonly kind: Exclude<Exemption['kind'], 'none'>;
  /** The value of the tag. */
  readonly until: string;
  /** Absent if the tag is not a date. */
  readonly daysLeft?: number;
  readonly reason: string;
  readonly verdict: VerdictName;
}

export const list: Command<ListOptions> = {
  name: 'list',
  summary: 'List all exemptions, including expired and invalid ones',
  details: 'The last column is the verdict of imdsv2 audit on the instance.',
  permissions: 'ec2:DescribeInstances; ec2:DescribeRegions for --regions all',
  options: [...AWS_OPTIONS, REGIONS_OPTION, MAX_EXEMPTION_OPTION, JSON_OPTION],
  examples: [['imdsv2 exempt list --regions all', 'in every enabled Region']],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const rows: Row[] = [];
    const take = (region: string, snapshots: readonly Snapshot[]) => {
      for (const snapshot of snapshots) rows.push(...toRow(region, snapshot, options, io.now()));
    };
    const tagged = [{ name: 'tag-key', values: [TAG.exemptUntil] }];
    const { problems, failed } = await readRegions(aws, await aws.regions(), tagged, take, io);
    rows.sort(ascending(({ until, region, instanceId }) => [until, region, instanceId]));
    for (const [region, problem] of problems) io.note(`${region} could not be read: ${problem}`);
    if (options.json) io.verbatim(JSON.stringify({ exemptions: rows, unreadRegions: [...problems.keys()] }));
    else if (rows.length > 0) printTable(io, HEAD, rows.map(toCells), [0, 1, 2, 3, 4, 6, 7]);
    else if (!failed) io.out(`No exemptions found${problems.size > 0 ? ' in the Regions that were read' : ''}.`);
    return failed ? 1 : 0;
  },
};

function toRow(region: string, snapshot: Snapshot, { maxExemptionDays }: ListOptions, now: Date): [] | [row: Row] {
  const { instanceId, tags } = snapshot;
  const exemption = readExemption(tags, now, maxExemptionDays);
  const verdict = verdictOf(snapshot, maxExemptionDays, now);
  if (exemption.kind === 'none' || verdict === undefined) return [];
  const malformed = exemption.kind === 'malformed';
  return [
    {
      region,
      instanceId,
      name: cleanName(tags) ?? '',
      reason: clean(tags.get(TAG.exemptReason) ?? ''),
      kind: exemption.kind,
      until: malformed ? clean(exemption.value) : exemption.until,
      daysLeft: malformed ? undefined : daysLeft(exemption.until, now),
      verdict: verdict.name,
    },
  ];
}

const HEAD = ['until', 'exemption', 'region', 'instance', 'name', 'days left', 'reason', 'verdict'];

const KINDS: Readonly<Record<Row['kind'], string>> = {
  active: 'valid',
  expired: 'expired',
  malformed: 'not a date',
  'exceeds-maximum': 'exceeds maximum',
};

const toCells = (row: Row): string[] => [
  clean(row.until, 20),
  KINDS[row.kind],
  row.region,
  row.instanceId,
  clean(row.name, 30),
  String(row.daysLeft ?? ''),
  clean(row.reason, 40),
  VERDICT_LABELS[row.verdict],
];
