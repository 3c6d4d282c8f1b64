import { stripVTControlCharacters } from 'node:util';
import { Help } from 'commander';
import type { Io } from './io.ts';

const help = new Help();
// By default it leaves narrow texts as they are.
help.minWidthToWrap = 1;

/** The width of a text in columns, without its style. */
export const widthOf = (text: string): number => help.displayWidth(text);

/** One word of a command: quoted parts and others. */
const WORD = String.raw`(?:'[^']*'|"[^"]*"|\\.|[^\s;,)'"\\]|[,;](?=\S))+`;

/** A command with options in a sentence, such as `aws events enable-rule --name x`. */
const COMMAND = new RegExp(
  String.raw`\b(?:aws|imdsv2|cdk|npm)(?: [a-z][\w-]*| i-\w+)+(?: --?[a-z][\w-]*(?: (?!-)${WORD})*)+`,
  'g',
);

/** Stands for the blanks of a command while a text is wrapped: untrusted text has no characters of private use. */
const BLANK = '\uE000';

/** A text as lines of at most `width` columns. Neither words nor commands are broken, so those may be wider. */
export function wrapped(text: string, width: number): readonly string[] {
  const whole = text.replace(COMMAND, (command) => command.replaceAll(' ', BLANK));
  return help
    .boxWrap(whole, Math.max(1, width))
    .split('\n')
    .map((line) => line.replaceAll(BLANK, ' '));
}

// eslint-disable-next-line no-control-regex -- styles begin with a control character
const PREFIX = /^(?:\s|\u001B\[[\d;]*m)*(?:(?:→|\||\d+)(?:\u001B\[[\d;]*m)* +)?/;

/** A line as lines that fit, each below the first one's text: after its blanks, arrow, number or bar, which is repeated. */
function fitted(line: string, columns: number): readonly string[] {
  if (widthOf(line) <= columns) return [line];
  const [prefix = ''] = PREFIX.exec(line) ?? [];
  const [first = '', ...rest] = wrapped(line.slice(prefix.length), columns - widthOf(prefix));
  const below = stripVTControlCharacters(prefix).replace(/[^|]/g, ' ');
  return [prefix + first, ...rest.map((next) => below + next)];
}

/** An `Io` whose texts fit the terminal; what is written by `verbatim` stays as it is. */
export function fitting(io: Io): Io {
  const fit = (write: (line: string) => void) => (text: string) => {
    for (const line of text.split('\n')) for (const part of fitted(line, io.columns)) write(part);
  };
  return { ...io, out: fit((line) => io.out(line)), note: fit((line) => io.note(line)) };
}
