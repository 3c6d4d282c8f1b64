import { htmlText } from '../../../lambda/core/text.ts';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { percent, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';
import { count } from '../../../lambda/core/words/format.ts';
import type { ComplianceSummary } from '../../../lambda/core/compliance-summary.ts';

export interface Bar {
  readonly label: string;
  readonly compliance: ComplianceSummary;
}

const ROW = 30;
const BAR = 16;
const WIDTH = 560;
const LABEL = { width: 170, characters: 24 };
const VALUE = 128;
const SPACE = WIDTH - LABEL.width - VALUE;

/** A stacked bar chart of verdicts, as an SVG that needs no script. */
export function chart(title: string, bars: readonly Bar[]): string {
  const height = bars.length * ROW;
  const rows = bars.map((bar, index) => toBar(bar, index * ROW));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${htmlText(title)}">${rows.join('')}</svg>`;
}

function toBar({ label, compliance }: Bar, y: number): string {
  const top = y + (ROW - BAR) / 2;
  const baseline = y + ROW / 2 + 5;
  const text = htmlText(label, LABEL.characters);
  const value = `<tspan>${percent(compliance)}</tspan><tspan class="count" dx="6">of ${count(compliance.instances)}</tspan>`;
  return [
    `<g class="bar"><title>${htmlText(label, 256)}</title><text x="0" y="${baseline}">${text}</text>`,
    `<rect class="track" x="${LABEL.width}" y="${top}" width="${SPACE}" height="${BAR}"/>`,
    ...segments(compliance, top),
    `<text class="dim" x="${WIDTH - VALUE + 12}" y="${baseline}">${value}</text></g>`,
  ].join('');
}

function segments({ counts, instances }: ComplianceSummary, top: number): string[] {
  let x: number = LABEL.width;
  return COMPLIANT_FIRST.filter((name) => counts[name] > 0).map((name) => {
    const width = (counts[name] / instances) * SPACE;
    const title = `${VERDICT_LABELS[name]}: ${count(counts[name])}`;
    const rectangle = `<rect class="v-${name}" x="${x.toFixed(2)}" y="${top}" width="${width.toFixed(2)}" height="${BAR}"><title>${title}</title></rect>`;
    x += width;
    return rectangle;
  });
}

const COMPLIANT_FIRST = VERDICTS.toReversed();
