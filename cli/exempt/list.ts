import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import { TAG } from '../../lambda/contract.ts';
import { daysLeft, type Exemption, readExemption } from '../../lambda/core/exemption.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { clean } from '../../lambda/core/text.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { readRegions } from '../audit/read.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import { MAX_EXEMPTION_OPTION, JSON_OPTION } from '../shared/options.ts';
import { tableLines } from '../shared/table.ts';

interface ListOptions extends AwsOptions {
  readonly maxExemptionDays: number;
  readonly json?: true;
}

/** One exemption in the list. */
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
    const failures = await readRegions(
      {
        regions: await aws.regions(),
        filters: [{ name: 'tag-key', values: [TAG.exemptUntil] }],
        fleet: ec2Fleet(aws.ec2),
        time: (region) => aws.time(region),
        take: (region, snapshots) => {
          for (const snapshot of snapshots) rows.push(...toRow(region, snapshot, options, io.now()));
        },
      },
      io,
    );
    rows.sort(
      (a, b) => compare(a.until, b.until) || compare(a.region, b.region) || compare(a.instanceId, b.instanceId),
    );
    for (const [region, failure] of failures) io.note(`${region} could not be read: ${explainError(failure)}`);
    if (options.json) io.out(JSON.stringify({ exemptions: rows, unreadRegions: [...failures.keys()] }));
    else if (rows.length > 0)
      tableLines(HEAD, rows.map(toCells), [0, 1, 2, 3, 4, 6, 7], io).forEach((line) => io.out(line));
    else if (failures.size === 0) io.out('No exemptions found.');
    return failures.size > 0 ? 1 : 0;
  },
};

function toRow(region: string, snapshot: Snapshot, { maxExemptionDays }: ListOptions, now: Date): [] | [row: Row] {
  const { instanceId, tags } = snapshot;
  const exemption = readExemption(tags, now, maxExemptionDays);
  const verdict = verdictOf(snapshot, maxExemptionDays, now);
  if (exemption.kind === 'none' || verdict === undefined) return [];
  const [until, left] =
    exemption.kind === 'malformed'
      ? [clean(exemption.value), undefined]
      : [exemption.until, daysLeft(exemption.until, now)];
  const [name, reason] = ['Name', TAG.exemptReason].map((key) => clean(tags.get(key) ?? ''));
  const texts = { name: name ?? '', reason: reason ?? '' };
  return [{ region, instanceId, ...texts, kind: exemption.kind, until, daysLeft: left, verdict: verdict.name }];
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

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
