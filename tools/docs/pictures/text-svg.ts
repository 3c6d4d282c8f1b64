import { stripVTControlCharacters } from 'node:util';
import { Help } from 'commander';

/** A line of a picture: pieces of text, each in a style of `STYLE`. */
export type Line = readonly (readonly [text: string, style?: 'bold' | 'dim' | 'good' | 'notice' | 'warning' | 'bad'])[];

/** A panel of its own behind the text: a page may be dark where the system is set to light. */
const STYLE = `
  .panel { --ink: #1b2330; --faint: #5b6675; --back: #ffffff; --frame: #d4dae2; --bar: #eef1f5;
    --good: #1c7a5a; --notice: #8a6100; --warning: #8e3aa8; --bad: #b3243a }
  @media (prefers-color-scheme: dark) {
    .panel { --ink: #e6eaf0; --faint: #98a4b3; --back: #11151b; --frame: #313a48; --bar: #1a2029;
      --good: #5fd3ac; --notice: #e9b949; --warning: #d38bea; --bad: #ff8796 }
  }
  .back { fill: var(--back); stroke: var(--frame) }
  .bar { fill: var(--bar) }
  text { fill: var(--ink); white-space: pre }
  .mono { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
  .sans { font: 14px Arial, 'Liberation Sans', Helvetica, sans-serif }
  .bold { font-weight: 700 }
  .dim { fill: var(--faint) }
  .good { fill: var(--good) }
  .notice { fill: var(--notice) }
  .warning { fill: var(--warning) }
  .bad { fill: var(--bad) }
`;

const LINE = 20;
const MARGIN = 18;
const BAR = 34;

/** Draws lines as a window with a title, which follows the reader's light or dark theme. */
export function textSvg(title: string, lines: readonly Line[], font: 'mono' | 'sans', width: number): string {
  const height = BAR + 2 * MARGIN + lines.length * LINE - 6;
  const texts = lines.map((line, index) => {
    const pieces = line.map(([text, style]) =>
      style === undefined ? escape(text) : `<tspan class="${style}">${escape(text)}</tspan>`,
    );
    return `<text class="${font}" x="${MARGIN}" y="${BAR + MARGIN + index * LINE + 10}">${pieces.join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(title)}" class="panel" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${STYLE}</style>
<rect class="back" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
<path class="bar" d="M1 ${BAR}V8.5a7.5 7.5 0 0 1 7.5-7.5h${width - 17}a7.5 7.5 0 0 1 7.5 7.5V${BAR}z"/>
<text class="sans bold" x="${MARGIN}" y="22">${escape(title)}</text>
${texts.join('\n')}
</svg>
`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Styles of the terminal that a picture has. */
const COLORS: Readonly<Record<string, NonNullable<Line[number][1]>>> = {
  1: 'bold',
  2: 'dim',
  31: 'bad',
  32: 'good',
  33: 'notice',
  35: 'warning',
  90: 'dim',
};

/** A line of a terminal with its styles. */
export function terminalLine(text: string): Line {
  // eslint-disable-next-line no-control-regex -- styles begin with a control character
  const pieces = text.split(/\u001B\[(\d+)m/);
  return pieces.flatMap((piece, index): Line => {
    if (index % 2 === 1 || piece === '') return [];
    return [[stripVTControlCharacters(piece), COLORS[pieces[index - 1] ?? '']]];
  });
}

/** A mail as lines of at most `columns` characters, commands too, as a mail program shows it; labels are bold. */
export const mailLines = (body: string, columns: number): readonly Line[] =>
  body.split('\n').flatMap((line) =>
    new Help()
      .boxWrap(line, columns)
      .split('\n')
      .map((part, index): Line => {
        const [, label = '', rest = part] = (index === 0 && /^([A-Z][a-z]+(?: [a-z]+)?:)(.*)$/s.exec(part)) || [];
        return label === '' ? [[part]] : [[label, 'bold'], [rest]];
      }),
  );
