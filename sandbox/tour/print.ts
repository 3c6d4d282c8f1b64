import { styleText } from 'node:util';
import Table from 'cli-table3';
import { clean } from '../../lambda/core/text.ts';
import type { PublishedMessage } from '../aws/sns/message.ts';
import type { Expected, Scene } from './case.ts';
import type { Decided, Scenario } from './scenario.ts';

/** Where the tour writes. */
export type Print = (line?: string) => void;

/** A case that was played, and where. */
export interface Played {
  readonly title: string;
  readonly scene: Scene;
  readonly scenario: Scenario;
}

const COLORS = { info: 'gray', warning: 'yellow', high: 'magenta', critical: 'red' } as const;

export const heading = (number: number | '', title: string): string =>
  styleText('bold', `\n${String(number).padStart(2)}  ${title}`);

export function decisionLine({ instanceId, status, reason, trigger, severity, exposedSeconds }: Decided): string {
  const why = reason === 'imdsv1-enabled' ? '' : ` (${reason})`;
  const exposed = exposedSeconds === undefined ? '' : `, IMDSv1 reachable for ${exposedSeconds} s`;
  const color = COLORS[severity as keyof typeof COLORS];
  return `    ${trigger.padEnd(8)} ${instanceId}  ${styleText(color, status)}${why}${exposed}`;
}

export const alertLine = ({ subject }: PublishedMessage): string => `    alert    ${clean(subject ?? '')}`;

/** A mail as the mailbox would show it. */
export function mail({ email }: PublishedMessage): string {
  const lines = [`From: ${email.from}`, `Subject: ${email.subject}`, '', ...email.body.split('\n')];
  return lines.map((line) => styleText('cyan', `    | ${clean(line, 400)}`)).join('\n');
}

/** What of a scene is not as it should be, in words. */
export function problemsOf({ scene: { instances, checks }, scenario }: Played): string[] {
  return [
    ...instances.flatMap((expected) => differences(expected, scenario)),
    ...checks.filter(({ holds }) => !holds()).map(({ what }) => `not so: ${what}`),
  ];
}

function differences({ id, ...expected }: Expected, scenario: Scenario): string[] {
  const { options } = scenario.instance(id);
  const wanted = { HttpEndpoint: 'enabled', ...expected };
  return Object.entries(wanted)
    .filter(([name, value]) => options[name as keyof typeof options] !== value)
    .map(([name, value]) => `${id} has ${name} ${options[name as keyof typeof options]}, not ${value}`);
}

// Unused tables: no colours of their own, no lines between rows.
const style = { head: [], border: [] };
const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** Every case with what was checked. */
export function caseTable(played: readonly Played[]): string {
  const table = new Table({
    head: ['', 'case', 'checked', ''],
    style,
    chars,
    colWidths: [4, 42, 66, 7],
    wordWrap: true,
  });
  played.forEach((one, index) => {
    const problems = problemsOf(one);
    const checked = problems.length > 0 ? problems : one.scene.checks.map(({ what }) => what);
    table.push([index + 1, one.title, checked.join('; '), problems.length > 0 ? 'WRONG' : 'ok']);
  });
  return table.toString();
}

/** Every instance with what became of it. */
export function fleetTable(played: readonly Played[]): string {
  const head = ['instance', 'case', 'state', 'HttpTokens', 'HttpEndpoint', 'hop', 'decided', 'as it should be'];
  const table = new Table({ head, style, chars });
  played.forEach(({ scene: { instances }, scenario }, index) => {
    for (const expected of instances) {
      const { state, options } = scenario.instance(expected.id);
      const decided = [...new Set(scenario.decided(expected.id).map(({ status }) => status))].join(', ');
      const right = differences(expected, scenario).length === 0 ? 'yes' : 'NO';
      const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit } = options;
      table.push([expected.id, index + 1, state, HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, decided, right]);
    }
  });
  return table.toString();
}
