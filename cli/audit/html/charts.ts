import { htmlText } from '../../../lambda/core/text.ts';
import { type VerdictName, VERDICTS } from '../../../lambda/core/verdict.ts';
import { percent, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';
import { count } from '../../../lambda/core/words/format.ts';
import type { ComplianceSummary } from '../../../lambda/core/compliance-summary.ts';

export interface Bar {
  readonly label: string;
  readonly compliance: ComplianceSummary;
  /** How much of it was read, if not all. */
  readonly gap?: string;
}

/** Stacked bars of verdicts. Their numbers are text, which is legible at any width, in black and white, and when read aloud. */
export const barChart = (bars: readonly Bar[]): string => bars.map(toBar).join('');

function toBar({ label, compliance, gap }: Bar): string {
  return `<div class="bar"><p><span class="name">${htmlText(label)}</span> <b>${percent(compliance)}</b> <span class="dim">of ${count(compliance.assessed)}</span>${gap === undefined ? '' : ` <b class="missing">${gap}</b>`}</p>
<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="1"/>${segments(compliance).join('')}</svg>
<p class="parts">${parts(compliance).join(' ')}</p></div>`;
}

/** The instances that the share is one of, in percent. */
function segments({ counts, assessed }: ComplianceSummary): string[] {
  let x = 0;
  return COMPLIANT_FIRST.filter((name) => name !== 'aws-managed' && counts[name] > 0).map((name) => {
    const width = (counts[name] / assessed) * 100;
    const rectangle = `<rect class="v-${name}" x="${x.toFixed(2)}" width="${width.toFixed(2)}" height="1"/>`;
    x += width;
    return rectangle;
  });
}

const parts = ({ counts }: ComplianceSummary): string[] =>
  COMPLIANT_FIRST.filter((name) => counts[name] > 0).map(
    (name) => `<span>${swatch(name)}${count(counts[name])} ${VERDICT_LABELS[name]}</span>`,
  );

/** The color of a verdict, beside its label. */
export const swatch = (name: VerdictName): string => `<i class="swatch v-${name}"></i>`;

const COMPLIANT_FIRST = VERDICTS.toReversed();
