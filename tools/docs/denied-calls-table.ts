import type { DeniedCall } from './denied-calls.ts';
import { markdownTable, replaceSection } from './marked-section.ts';

const MARKS = ['<!-- written by npm run docs:denied-calls -->', '<!-- end of the denied calls -->'] as const;

const HEAD = ['command', 'denied', 'exit code', 'what it says'];

/** Replaces the table of denied calls between the marks of a page. */
export function withDeniedCalls(page: string, rows: readonly DeniedCall[]): string {
  // What is the same with other options of a command, or in one Region, is shown once.
  const keyOf = (row: DeniedCall) => `${row.name} ${row.action} ${saysOf(row)}`;
  const keys = rows.map(keyOf);
  const shown = rows.filter((row, index) => keys.indexOf(keyOf(row)) === index);
  return replaceSection(page, MARKS, markdownTable([HEAD, ...shown.map(toCells)]));
}

function toCells(row: DeniedCall): string[] {
  const { name, action, region, usual, denied } = row;
  const where = region === undefined ? '' : ', in one Region';
  const exitCode = denied.exitCode === usual.exitCode ? 'unchanged' : String(denied.exitCode);
  return [`\`${name}\``, `\`${action}\`${where}`, exitCode, saysOf(row)];
}

function saysOf({ denied }: DeniedCall): string {
  const says = (line: string) => line.includes('is not authorized to perform') || line.startsWith('imdsv2: ');
  const lines = denied.lines.filter(says).map(withoutDetails);
  return [...new Set(lines)].join('<br>') || 'nothing: the answer is complete';
}

/** A line up to the missing permission, without what differs between accounts. */
function withoutDetails(line: string): string {
  const text = line
    .trim()
    .replace(/^imdsv2: /, '')
    .replaceAll(/\b(us-east-1|eu-west-1)(, (us-east-1|eu-west-1))*/g, 'REGION')
    .replace(/arn:\S+/, 'ARN')
    .replace(/\b(i|lt)-[0-9a-f]{17}\b/, 'ID')
    .replaceAll(/\s+/g, ' ');
  const [before = ''] = text.split(/:? ?(?:missing permission|UnauthorizedOperation: User)/);
  return /^(REGION)?$/.test(before) ? 'the error, and what to do' : `\`${before}\``;
}
