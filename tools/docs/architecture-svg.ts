import { instance } from '@viz-js/viz';

/** A panel of its own behind the picture: a page may be dark where the system is set to light. */
const STYLE = `
  .graph { --ink: #1b2330; --line: #6b7684; --faint: #4d5866; --back: #f6f8fa; --group: #ffffff; --group-line: #d4dae2;
    --event: #eaf2ff; --queue: #f3eefe; --function: #fff1e5; --topic: #e7f7ec; --instance: #fdecec; --cli: #eef1f5 }
  @media (prefers-color-scheme: dark) {
    .graph { --ink: #e6eaf0; --line: #8d98a7; --faint: #aab4c1; --back: #11151b; --group: #181e27; --group-line: #313a48;
      --event: #1d2f4d; --queue: #30264d; --function: #46301c; --topic: #1b3a28; --instance: #4a2326; --cli: #2a323e }
  }
  .graph > polygon { fill: var(--back) }
  text { fill: var(--ink); font-family: Arial, 'Liberation Sans', Helvetica, sans-serif }
  .cluster > path { fill: var(--group); stroke: var(--group-line) }
  .cluster > text { fill: var(--faint) }
  .node > path { stroke: var(--line) }
  .edge > path { stroke: var(--line) }
  .edge > polygon { fill: var(--line); stroke: var(--line) }
  ${['event', 'queue', 'function', 'topic', 'instance', 'cli'].map((name) => `.${name} > path { fill: var(--${name}) }`).join('\n  ')}
`;

/** Draws a Graphviz source as an SVG that follows the reader's light or dark theme. */
export async function architectureSvg(dot: string): Promise<string> {
  const svg = (await instance()).renderString(dot, { format: 'svg' });
  const [, body = ''] = svg.split(/(?=<svg )/);
  return body.replace(
    /^<svg ([^>]*)>/,
    `<svg role="img" aria-label="Architecture of imdsv2-enforcer" $1>\n<style>${STYLE}</style>`,
  );
}
