import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Severity } from '../../lambda/contract.ts';
import { clean } from '../../lambda/core/text.ts';
import { duration } from '../../lambda/core/words/format.ts';
import type { PublishedMessage } from '../aws/sns/message.ts';
import type { Expectation, ExpectedInstance } from './case.ts';
import type { LoggedOutcome, Scenario } from './scenario.ts';

/** A played case with its expected outcome. */
export interface PlayedCase {
  readonly title: string;
  readonly expectation: Expectation;
  readonly scenario: Scenario;
}

const COLORS: Readonly<Record<Severity, Parameters<typeof styleText>[0]>> = {
  INFORMATIONAL: 'gray',
  LOW: 'gray',
  MEDIUM: 'yellow',
  HIGH: 'magenta',
  CRITICAL: 'red',
};

export const heading = (number: number | '', title: string): string =>
  `\n${styleText('bold', `${String(number).padStart(2)}  ${title}`)}`;

export function outcomeLine({ instanceId, status, reason, trigger, severity, exposedSeconds }: LoggedOutcome): string {
  const why = reason === 'imdsv1-enabled' || reason === status ? '' : ` (${reason})`;
  const exposed = exposedSeconds === undefined ? '' : `, IMDSv1 exposed for ${duration(exposedSeconds * 1000)}`;
  return `    ${trigger.padEnd(8)} ${instanceId}  ${styleText(COLORS[severity], status)}${why}${exposed}`;
}

export const alertLine = ({ subject }: PublishedMessage): string => `    alert    ${clean(subject ?? '')}`;

/** An email as a mail client shows it. */
export function email({ email: { from, subject, body } }: PublishedMessage): string {
  const lines = [`From: ${from}`, `Subject: ${subject}`, '', ...body.split('\n')];
  return lines.map((line) => styleText('cyan', `    | ${clean(line, 400)}`)).join('\n');
}

/** Differences from the expected outcome of a case. */
export function problemsOf({ expectation: { instances, checks }, scenario }: PlayedCase): string[] {
  return [
    ...instances.flatMap((expected) => differences(expected, scenario)),
    ...checks.filter(({ passes }) => !passes()).map(({ what }) => `failed: ${what}`),
  ];
}

function differences({ id, ...expected }: ExpectedInstance, scenario: Scenario): string[] {
  const { options } = scenario.instance(id);
  const wanted = { HttpEndpoint: 'enabled', ...expected };
  return Object.entries(wanted)
    .filter(([name, value]) => options[name as keyof typeof options] !== value)
    .map(([name, value]) => `${id} has ${name} ${options[name as keyof typeof options]}, not ${value}`);
}

// Tables without colors and without lines between rows.
const style = { head: [], border: [] };
const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/**
 * One line for each case, and below it what failed.
 *
 * @param verbose whether to list the checks that passed, too.
 */
export function caseLines(played: readonly PlayedCase[], columns: number, verbose: boolean): readonly string[] {
  return played.flatMap((one, index) => {
    const problems = problemsOf(one);
    const [color, label] = problems.length > 0 ? (['red', 'FAILED'] as const) : (['green', 'ok'] as const);
    const checks = verbose ? one.expectation.checks.filter(({ passes }) => passes()).map(({ what }) => what) : [];
    const number = String(index + 1).padStart(2);
    return [
      `${styleText(color, label.padEnd(6))} ${number}  ${clean(one.title, columns - 11)}`,
      ...[...problems, ...checks].map((line) => `           ${line}`),
    ];
  });
}

/** A table of the instances and their outcomes. */
export function instanceTable(played: readonly PlayedCase[]): string {
  const head = ['instance', 'case', 'state', 'HttpTokens', 'HttpEndpoint', 'hop limit', 'outcome', 'as expected'];
  const table = new Table({ head, style, chars });
  played.forEach(({ expectation: { instances }, scenario }, index) => {
    for (const expected of instances) {
      const { state, options } = scenario.instance(expected.id);
      const statuses = [...new Set(scenario.outcomes(expected.id).map(({ status }) => status))].join(', ');
      const asExpected = differences(expected, scenario).length === 0 ? 'yes' : 'NO';
      const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit } = options;
      table.push([
        expected.id,
        index + 1,
        state,
        HttpTokens,
        HttpEndpoint,
        HttpPutResponseHopLimit,
        statuses,
        asExpected,
      ]);
    }
  });
  return table.toString();
}
