import { type Loss, LOSSES } from '../../lambda/core/losses.ts';
import { markdownTable, replaceSection } from './marked-section.ts';

const MARKS = ['<!-- written by npm run docs:health -->', '<!-- end of the list of losses -->'] as const;

/** Replaces the table between the marks of a page with the losses that the health checks find. */
export const withHealthTable = (page: string): string =>
  replaceSection(
    page,
    MARKS,
    markdownTable([
      ['id', 'lost', 'effect', 'what to do', 'calls that cause it'],
      ...Object.entries<Loss>(LOSSES).map(([id, { effects, what, now, calls, risk }]) => [
        `\`${id}\``,
        what,
        risk ? `risk of ${effects.join(', ')}` : effects.join(', '),
        now,
        calls.length === 0 ? '–' : calls.map((call) => `\`${call}\``).join(', '),
      ]),
    ]),
  );
