import { ROWS } from '../../lambda/core/decide.ts';
import { markdownTable, replaceSection } from './marked-section.ts';

const MARKS = ['<!-- written by npm run docs:decision -->', '<!-- end of the decision table -->'] as const;

/** Replaces the decision table between the marks of a page with the rows that `imdsv2 explain` prints. */
export const withDecisionTable = (page: string): string =>
  replaceSection(page, MARKS, markdownTable([['#', 'row'], ...ROWS.map(({ number, rule }) => [String(number), rule])]));
