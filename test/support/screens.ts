import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { terminal } from '../../cli/common/io.ts';
import { main } from '../../cli/main.ts';
import { NOW } from './builders.ts';

/** The terminal of a command, or none. */
export interface Screen {
  readonly columns?: number;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command on a real `Io` of streams. @returns the lines of both streams. */
export async function linesOn(
  { columns, isTTY = true, env = {} }: Screen,
  args: readonly string[],
): Promise<readonly string[]> {
  const stream = () => Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns });
  const [stdin, stdout, stderr] = [Object.assign(stream(), { isTTY: false }), stream(), stream()];
  const process = { stdin, stdout, stderr, env } as unknown as NodeJS.Process;
  let slept = 0;
  const io = {
    ...terminal(process, new AbortController().signal),
    now: () => new Date(NOW.getTime() + slept),
    sleep: (milliseconds: number) => Promise.resolve(void (slept += milliseconds)),
    progress: () => undefined,
  };
  await main(args, io);
  return [stdout, stderr].flatMap((one) =>
    String(one.read() ?? '')
      .trimEnd()
      .split('\n'),
  );
}

/** Where output is checked, each with its width. */
export const SCREENS: readonly (readonly [string, Screen, width: number])[] = [
  ['60 columns', { columns: 60 }, 60],
  ['80 columns', { columns: 80 }, 80],
  ['120 columns', { columns: 120 }, 120],
  ['80 columns with NO_COLOR', { columns: 80, env: { NO_COLOR: '1' } }, 80],
  ['piped', { isTTY: false }, 100],
];

/** Every line is as wide as it likes. */
export const UNLIMITED: Screen = { columns: 100_000, env: { NO_COLOR: '1' } };

const COMMAND = /^\s*(?:→ )?(?:aws|imdsv2|cdk|npm|pip) [a-z]/;
const isDocument = (line: string) => /^[[{\]},]/.test(line);
const isOneWord = (line: string) => !line.trim().replace(/^→ /, '').includes(' ');
const mayBeWide = (line: string) => COMMAND.test(line) || isDocument(line) || isOneWord(line);

const wordsOf = (lines: readonly string[]) => new Set(lines.flatMap((line) => line.split(/\s+/)));

/** The commands to copy: lines, and parts of lines after a colon or "then". */
const commandsOf = (lines: readonly string[]) =>
  lines
    .flatMap((line) => line.split(/; (?:then )?|: |^\s*→ /))
    .filter((part) => COMMAND.test(part) && part.includes(' --'));

/** Expects lines to fit a width, with the words and commands that are printed where there is room for everything. */
export function expectToFit(lines: readonly string[], unlimited: readonly string[], width: number): void {
  const plain = lines.map(stripVTControlCharacters);
  expect(plain.filter((line) => line.length > width && !mayBeWide(line))).toEqual([]);
  expect(wordsOf(plain)).toEqual(wordsOf(unlimited));
  const whole = plain.join('\n');
  expect(commandsOf(unlimited).filter((command) => !whole.includes(command.trim()))).toEqual([]);
}
