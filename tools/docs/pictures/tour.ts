import { stripVTControlCharacters } from 'node:util';
import { fitting } from '../../../cli/common/fit.ts';
import { terminal } from '../../../cli/common/io.ts';
import { main as imdsv2 } from '../../../cli/main.ts';
import { runTour } from '../../../sandbox/tour/index.ts';
import { type Line, terminalLine, textSvg } from './text-svg.ts';

const COLUMNS = 112;
const CASES = 5;

/** Plays the tour. @returns what it printed. */
export async function playTour(): Promise<readonly string[]> {
  const printed: string[] = [];
  const io = terminal(process, new AbortController().signal);
  const fitted = fitting({ ...io, columns: COLUMNS, out: (line) => void printed.push(line) });
  const command = (
    args: readonly string[],
    context: { readonly print: (line: string) => void; readonly columns: number },
  ) => imdsv2(args, { ...io, ...context, out: context.print, verbatim: context.print, note: context.print });
  const screen = { print: (line = '') => fitted.out(line), progress: () => undefined, columns: COLUMNS };
  const passed = await runTour({ timeScale: 15, seed: 'local', verbose: false, imdsv2: command }, screen);
  if (!passed) throw new Error(`the tour failed:\n${printed.slice(-40).join('\n')}`);
  return printed;
}

/** The second to the sixth case of the tour, and its end. */
export function tourSvg(printed: readonly string[]): string {
  const plain = printed.map(stripVTControlCharacters);
  const from = plain.findIndex((line) => line.startsWith(' 2  '));
  const to = plain.findIndex((line) => line.startsWith(' 7  '));
  const end = plain.findIndex((line) => /^ok {5}/.test(line));
  const omitted: Line = [['…', 'dim']];
  const lines = [
    [['$ npm start', 'bold']] as Line,
    omitted,
    ...printed.slice(from, to).map(terminalLine),
    omitted,
    ...printed.slice(end, end + CASES).map(terminalLine),
    omitted,
    terminalLine(printed.at(-1) ?? ''),
  ];
  return textSvg('npm start', lines, 'mono', 940);
}
