import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import type { Filter } from '../../lambda/app/ports/index.ts';
import { BusiestInstances } from '../../lambda/core/callers/busiest.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { verdictOf } from '../../lambda/core/verdict.ts';
import { count } from '../../lambda/core/words/format.ts';
import { version } from '../../package.json';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import { type Command, UsageError } from '../common/command.ts';
import { NotingCallerReader, readCallers, reportUnread } from '../callers/read.ts';
import { allOptions, repeatedOptions } from '../common/command-line.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { FILTER_OPTION, MAX_EXEMPTION_OPTION, JSON_OPTION, wholeNumberOf } from '../common/options.ts';
import { usageReader, USAGE_RULES_OPTIONS, usageRulesOf } from '../common/usage.ts';
import { csvReport } from './csv.ts';
import { htmlReport } from './html/report.ts';
import { jsonReport } from './json.ts';
import { UsageMeter } from './measure.ts';
import { monitoringOf } from './monitoring.ts';
import { NOT_VISIBLE, readRegions } from './read.ts';
import { toRow } from './row.ts';
import { type AuditHead, type Report, Summary } from './summary.ts';
import { tableReport } from './table.ts';

interface AuditOptions extends AwsOptions, UsageRules {
  readonly filter?: readonly Filter[];
  readonly maxExemptionDays: number;
  readonly usage?: true;
  readonly callers?: true;
  readonly top: number;
  readonly json?: true;
  readonly csv?: string;
  readonly html?: string;
}

/** Instances of a Region whose callers are looked up. */
const BUSIEST = 20;

export const audit: Command<AuditOptions> = {
  name: 'audit',
  summary: 'Report which instances have IMDSv1 enabled, what launches them, and how to fix that',
  details: [
    'Reads every instance in the selected Regions. Changes nothing. With --regions all it also reports Regions that no EventBridge rule of the deployment monitors.',
    'Compliance is the share of instances that require IMDSv2 with the change applied (CIS AWS Foundations 5.7), not counting those managed by an AWS service. Non-compliant and unreadable instances are findings. Exit code 0: no findings. 2: findings. 1: a Region could not be read. A Region that this caller may not read is named as not visible from here, and is no error beside others.',
    'With --usage it also measures the IMDSv1 usage of each non-compliant instance, as the scheduled scan does: unused, in use or unknown. CloudWatch charges $0.01 per 1,000 metrics; there is one for each of these instances. Where it may not be read, usage is unknown.',
    `With --callers it also names the software on the busiest ${BUSIEST} instances of each Region that have IMDSv1 in use, as "imdsv2 callers" does.`,
  ].join('\n\n'),
  permissions:
    'ec2:DescribeInstances; ec2:DescribeRegions for --regions all; optional: iam:ListAccountAliases for the alias of the account, events:ListRules for --regions all, cloudwatch:GetMetricData for --usage, cloudtrail:LookupEvents and ec2:DescribeNatGateways for --callers',
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    FILTER_OPTION,
    MAX_EXEMPTION_OPTION,
    { flags: '--usage', description: 'also measure the IMDSv1 usage of non-compliant instances; $0.01 per 1,000' },
    { flags: '--callers', description: 'with --usage: also name the software that uses IMDSv1' },
    ...USAGE_RULES_OPTIONS,
    {
      flags: '--top <n>',
      description: 'number of launch sources and exemptions in the table; files and JSON have all',
      read: wholeNumberOf(1, 100_000),
      fallback: 10,
    },
    JSON_OPTION,
    { flags: '--csv <file>', description: 'also write a CSV file with one line per instance' },
    { flags: '--html <file>', description: 'also write a self-contained HTML report with charts' },
  ],
  examples: [
    ['imdsv2 audit --regions all', 'every enabled Region'],
    ['imdsv2 audit --regions eu-west-1,us-east-1 --html audit.html --csv audit.csv', 'two Regions, also as files'],
    ['imdsv2 audit --regions all --usage', 'which instances had no IMDSv1 usage in 14 days'],
    ['imdsv2 audit --usage --callers', 'also which software used IMDSv1'],
    ['imdsv2 audit --filter Name=tag:team,Values=checkout,data', 'the instances of two teams'],
    [`imdsv2 audit --json | jq -r '.launchSources[] | [.findings, .name] | @tsv'`, 'findings by launch source'],
  ],
  run: async (_, options, io) => {
    const rules = usageRulesOf(options);
    if (options.callers && !options.usage) throw new UsageError('--callers needs --usage, which finds the instances');
    const files = checkedFiles(options);
    const aws = new Aws(options, io);
    const regions = await aws.regions();
    // The account id is optional: private networks may have no endpoint for STS.
    let accountProblem: string | undefined;
    let aliasProblem: string | undefined;
    const [caller, alias] = await Promise.all([
      aws.caller().catch((error: unknown) => void (accountProblem = explainError(error))),
      aws.alias().catch((error: unknown) => void (aliasProblem = explainError(error))),
    ]);
    const { maxExemptionDays, filter: filters = [] } = options;
    const head: AuditHead = {
      ...{ ...caller, alias: alias ?? undefined, at: io.now(), version, regions, filters, maxExemptionDays },
      command: `imdsv2 audit ${allOptions(audit.options, options)}`,
      repeatedOptions: repeatedOptions(options),
    };
    const reports = reportsOf(options, head, io);
    const summary = new Summary(regions);
    const meter = options.usage && new UsageMeter(rules, usageReader(aws), io);
    const busiest = new Map(regions.map((region) => [region, new BusiestInstances(BUSIEST)]));
    const take = async (region: string, snapshots: readonly Snapshot[]) => {
      const isNonCompliant = (snapshot: Snapshot) =>
        verdictOf(snapshot, maxExemptionDays, head.at)?.name === 'non-compliant';
      // Each measured instance costs money.
      const usages = await meter?.of(region, snapshots.filter(isNonCompliant));
      const rows = snapshots.flatMap(
        (snapshot) => toRow(snapshot, region, maxExemptionDays, head.at, usages?.get(snapshot.instanceId)) ?? [],
      );
      for (const row of rows) summary.add(row);
      for (const report of reports) report.add(rows);
      for (const snapshot of snapshots) busiest.get(region)?.add(snapshot, usages?.get(snapshot.instanceId));
    };
    const { problems, failed } = await readRegions(aws, regions, filters, take, io);
    const usage = meter && { ...rules, metricsRequested: meter.metricsRequested, errors: meter.errors };
    const read = regions.filter((region) => !problems.has(region));
    const unmonitoredIn = (region: string) => unmonitoredTriggers(new EventBridgeClient(aws.config(region)));
    const subjects = [...busiest].flatMap(([region, { snapshots }]) =>
      snapshots.map((snapshot) => ({ region, instanceId: snapshot.instanceId, snapshot })),
    );
    const callers = options.callers && (await readCallers(subjects, new NotingCallerReader(aws, io), io));
    const monitoring = await monitoringOf(options.regions === 'all' ? read : [], unmonitoredIn, io);
    const result = summary.result({ ...head, usage, callers }, problems, monitoring.notMonitored);
    for (const report of reports) report.end(result);
    if (usage !== undefined) {
      reportCost(usage.metricsRequested, io);
      reportErrors(usage.errors, 'IMDSv1 usage could not be measured: ', io);
    }
    reportUnread(callers ?? [], io);
    reportErrors(monitoring.errors, 'monitoring unknown: ', io);
    if (accountProblem !== undefined && read.length > 0) io.note(`imdsv2: account unknown: ${accountProblem}`);
    if (aliasProblem !== undefined && read.length > 0)
      io.note(`imdsv2: alias of the account ${NOT_VISIBLE}: ${aliasProblem}`);
    reportErrors(problems, '', io);
    for (const file of files) io.note(`Wrote ${file}${problems.size > 0 ? ' (incomplete)' : ''}`);
    if (failed || meter?.failed || io.interrupted.aborted) return 1;
    return result.total.findings > 0 ? 2 : 0;
  },
};

/**
 * The files to write. Checked before the instances are read, which takes long.
 *
 * @throws UsageError if a file cannot be written, or both are the same.
 */
function checkedFiles({ csv, html }: AuditOptions): readonly string[] {
  if (csv !== undefined && html !== undefined && resolve(csv) === resolve(html)) {
    throw new UsageError(`--csv and --html both name ${csv}; accepted: two different files`);
  }
  const files = [csv, html].filter((file) => file !== undefined);
  for (const file of files) {
    try {
      closeSync(openSync(file, 'a'));
    } catch (error) {
      throw new UsageError(`${JSON.stringify(file)} cannot be written: ${explainError(error)}`);
    }
  }
  return files;
}

const reportsOf = ({ json, csv, html, top }: AuditOptions, head: AuditHead, io: Io): readonly Report[] => [
  json ? jsonReport(head, io) : tableReport(top, io),
  ...(csv === undefined ? [] : [csvReport(csv, head.account)]),
  ...(html === undefined ? [] : [htmlReport(html)]),
];

/** Prints errors by Region; Regions with the same error, such as missing credentials, share a line. */
function reportErrors(errors: ReadonlyMap<string, string>, prefix: string, io: Io): void {
  const byError = groupBy(errors.keys(), (region) => errors.get(region) ?? '');
  for (const [error, regions] of byError) io.note(`imdsv2: ${regions.join(', ')}: ${prefix}${error}`);
}

/** $0.01 per 1,000 metrics. https://aws.amazon.com/cloudwatch/pricing/ */
function reportCost(metricsRequested: number, io: Io): void {
  const cost = (Math.ceil(metricsRequested / 1000) / 100).toFixed(2);
  io.note(
    `Requested ${count(metricsRequested)} CloudWatch metrics, one for each Auto Scaling group and each other non-compliant instance: at most $${cost}`,
  );
}
