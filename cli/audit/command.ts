import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import type { Filter } from '../../lambda/app/ports/index.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { CsvReport } from './csv.ts';
import { monitoredIn } from './monitoring.ts';
import { HtmlReport } from './html/report.ts';
import { JsonReport } from './json.ts';
import { count } from './labels.ts';
import { UsageSurvey } from './measure.ts';
import { readRegions } from './read.ts';
import type { Report } from './report.ts';
import { type AuditRow, toRow } from './row.ts';
import { type Audit, Summary } from './summary.ts';
import { TableReport } from './table.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../shared/aws.ts';
import { type Command, UsageError } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { FILTER_OPTION, MAX_EXEMPTION_OPTION, JSON_OPTION, wholeNumberOf } from '../shared/options.ts';
import { usageReader, USAGE_RULES_OPTIONS, usageRulesOf } from '../shared/usage.ts';

interface AuditOptions extends AwsOptions, UsageRules {
  readonly filter?: readonly Filter[];
  readonly maxExemptionDays: number;
  readonly usage?: true;
  readonly top: number;
  readonly json?: true;
  readonly csv?: string;
  readonly html?: string;
}

/** Every instance against CIS AWS 5.7 and Security Hub EC2.8. */
export const audit: Command<AuditOptions> = {
  name: 'audit',
  summary: 'which instances answer IMDSv1, where they come from, and what to change there',
  details: [
    'Reads every instance of the chosen regions and changes nothing. Needs ec2:DescribeInstances, and ec2:DescribeRegions for --regions all. Then it also says where no rule of the deployment listens, if it may (events:ListRules).',
    'Compliance is the share of instances with tokens required and the change applied (CIS AWS 5.7), of all that no AWS service operates. Open and unreadable instances are findings. Exit code: 0 no finding, 2 findings, 1 a region could not be read.',
    'With --usage it also asks CloudWatch (cloudwatch:GetMetricData) about each open instance, and says which are unused, which still use IMDSv1, and of which that cannot be said. CloudWatch charges $0.01 for 1,000 instances; the others are not asked about.',
  ].join('\n\n'),
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    FILTER_OPTION,
    MAX_EXEMPTION_OPTION,
    {
      flags: '--usage',
      description: 'also measures whether the open ones still use IMDSv1; costs $0.01 for 1,000 of them',
    },
    ...USAGE_RULES_OPTIONS,
    {
      flags: '--top <n>',
      description: 'how many launchSources and exemptions the table shows; files and JSON have all',
      read: wholeNumberOf(1, 100_000),
      fallback: 10,
    },
    JSON_OPTION,
    { flags: '--csv <file>', description: 'also writes one line for each instance to a CSV file' },
    { flags: '--html <file>', description: 'also writes a page with charts that opens without a network' },
  ],
  examples: [
    ['imdsv2 audit --regions all', 'every enabled region'],
    ['imdsv2 audit --regions eu-west-1,us-east-1 --html audit.html --csv audit.csv', 'two regions, as files too'],
    ['imdsv2 audit --regions all --usage', 'which of the open ones can be closed, by what they did in 14 days'],
    ['imdsv2 audit --filter Name=tag:team,Values=checkout,data', 'the instances of two teams'],
    [`imdsv2 audit --json | jq -r '.instances[]|select(.verdict=="open").instanceId'`, 'ids of the open ones'],
  ],
  run: async (_, options, io) => {
    const rules = usageRulesOf(options);
    const files = checkedFiles(options);
    const aws = new Aws(options, io);
    const regions = [...new Set(await aws.regions())];
    const { account, problem } = await accountOf(aws);
    const { maxExemptionDays, filter = [] } = options;
    const about = { account, at: io.now(), maxExemptionDays };
    const reports = reportsOf(options, about, io);
    const summary = new Summary(regions);
    const survey = options.usage && new UsageSurvey(rules, usageReader(aws), io);
    const failures = await readRegions(
      {
        regions,
        filters: filter,
        fleet: ec2Fleet(aws.ec2),
        time: (region) => aws.time(region),
        take: async (region, snapshots) => {
          const read = snapshots.flatMap((snapshot) => toRow(snapshot, region, maxExemptionDays, about.at) ?? []);
          const rows = survey === undefined ? read : await measured(read, region, snapshots, survey);
          for (const row of rows) summary.add(row);
          for (const report of reports) report.add(rows);
        },
      },
      io,
    );
    const errors = new Map([...failures].map(([region, failure]) => [region, explainError(failure)]));
    const unmeasured = new Map(
      [...(survey?.failures ?? [])].map(([region, failure]) => [region, explainError(failure)]),
    );
    const usage = survey && { ...rules, metricsAsked: survey.metricsAsked, errors: unmeasured };
    const read = regions.filter((region) => !errors.has(region));
    const unmonitoredIn = (region: string) => unmonitoredTriggers(new EventBridgeClient(aws.config(region)));
    const heard = await monitoredIn(options.regions === 'all' ? read : [], unmonitoredIn, io);
    const result = summary.result({ ...about, usage }, errors, heard.notMonitored);
    for (const report of reports) report.end(result);
    if (survey !== undefined) sayCost(survey.metricsAsked, io);
    sayAlike(unmeasured, 'the use of IMDSv1 could not be measured: ', io);
    sayAlike(heard.errors, 'whether rules listen is not known: ', io);
    sayErrors(errors, errors.size < regions.length ? problem : undefined, io);
    for (const file of files) io.note(`written: ${file}${errors.size > 0 ? ' (not complete)' : ''}`);
    if (errors.size + unmeasured.size > 0) return 1;
    return result.total.findings > 0 ? 2 : 0;
  },
};

/** Whoever asked for a file that cannot be written should hear of it before a long read, not after. */
function checkedFiles({ csv, html }: AuditOptions): readonly string[] {
  if (csv !== undefined && html !== undefined && resolve(csv) === resolve(html)) {
    throw new UsageError(`--csv and --html both name ${csv}; they need files of their own`);
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

function reportsOf(
  { json, csv, html, top }: AuditOptions,
  about: Pick<Audit, 'account' | 'at' | 'maxExemptionDays'>,
  io: Io,
): readonly Report[] {
  return [
    json ? new JsonReport(about, io) : new TableReport(top, io),
    ...(csv === undefined ? [] : [new CsvReport(csv, about.account)]),
    ...(html === undefined ? [] : [new HtmlReport(html)]),
  ];
}

/** A network may let EC2 through and STS not; the audit is worth having without the account's number. */
async function accountOf(aws: Aws): Promise<{ readonly account?: string; readonly problem?: string }> {
  try {
    return { account: await aws.account() };
  } catch (error) {
    return { problem: explainError(error) };
  }
}

/** What several regions answer alike, such as that there are no credentials, is said once. */
function sayErrors(errors: ReadonlyMap<string, string>, accountProblem: string | undefined, io: Io): void {
  if (accountProblem !== undefined) io.note(`imdsv2: the account is not named: ${accountProblem}`);
  sayAlike(errors, '', io);
}

function sayAlike(errors: ReadonlyMap<string, string>, what: string, io: Io): void {
  const alike = groupBy(errors.keys(), (region) => errors.get(region) ?? '');
  for (const [error, regions] of alike) io.note(`imdsv2: ${regions.join(', ')}: ${what}${error}`);
}

/** The rows of a page with how the open ones use IMDSv1: only those are worth the money. */
async function measured(
  rows: readonly AuditRow[],
  region: string,
  snapshots: readonly Snapshot[],
  survey: UsageSurvey,
): Promise<readonly AuditRow[]> {
  const open = new Set(rows.flatMap(({ verdict, instanceId }) => (verdict === 'non-compliant' ? [instanceId] : [])));
  const uses = await survey.of(
    region,
    snapshots.filter(({ instanceId }) => open.has(instanceId)),
  );
  return rows.map((row) => ({ ...row, usage: uses.get(row.instanceId) }));
}

/** $0.01 for 1,000 metrics. https://aws.amazon.com/cloudwatch/pricing/ */
function sayCost(metricsAsked: number, io: Io): void {
  const cost = (Math.ceil(metricsAsked / 1000) / 100).toFixed(2);
  io.note(`CloudWatch was asked for ${count(metricsAsked)} metrics, one for each open instance: at most $${cost}`);
}
