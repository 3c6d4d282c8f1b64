import ts from 'typescript';
import { SETTINGS } from '../../lib/settings.ts';
import { markdownTable, replaceSection } from './marked-section.ts';

/** One setting as docs/settings.md shows it. */
interface Row {
  readonly key: string;
  readonly accepted: string;
  /** The `@default` of the doc comment: a literal, or words after a hyphen. */
  readonly default: string;
  readonly description: string;
}

const HEAD = ['setting', 'accepted', 'default', 'description'];

const MARKS = ['<!-- written by npm run docs:settings -->', '<!-- end of the settings -->'] as const;

/** Replaces the table between the marks of a page. @param source the text of lib/settings.ts. */
export const withSettings = (page: string, source: string): string =>
  replaceSection(page, MARKS, table(rowsIn(source)));

/** The settings, with descriptions and defaults from their doc comments. */
export function rowsIn(source: string): readonly Row[] {
  const comments = new Map(
    propertiesOf('SETTINGS', source).map((property) => {
      const [comment] = ts.getJSDocCommentsAndTags(property).filter(ts.isJSDoc);
      const [defaultTag] = ts.getJSDocTags(property).filter(({ tagName }) => tagName.text === 'default');
      return [property.name.getText(), { description: textOf(comment), default: textOf(defaultTag) }];
    }),
  );
  return Object.entries(SETTINGS).map(([key, { accepted }]) => {
    const comment = comments.get(key);
    if (!comment?.description || !comment.default) throw new Error(`${key} has no description or no @default`);
    return { key, accepted, ...comment };
  });
}

const textOf = (comment: ts.JSDoc | ts.JSDocTag | undefined): string =>
  (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').trim();

function propertiesOf(name: string, source: string): readonly ts.PropertyAssignment[] {
  const file = ts.createSourceFile('settings.ts', source, ts.ScriptTarget.Latest, true);
  const declarations = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .filter((declaration) => declaration.name.getText() === name);
  return declarations.flatMap(({ initializer }) =>
    initializer && ts.isObjectLiteralExpression(initializer)
      ? initializer.properties.filter(ts.isPropertyAssignment)
      : [],
  );
}

const table = (rows: readonly Row[]): string =>
  markdownTable([HEAD, ...rows.map((row) => [code(row.key), acceptedOf(row), defaultOf(row), row.description])]);

const code = (text: string): string => `\`${text}\``;

function acceptedOf({ accepted }: Row): string {
  const items = accepted.split(' | ');
  const isWord = (item: string) => /^[\w-]+$/.test(item);
  return items.map((item) => (isWord(item) ? code(item) : item)).join(items.every(isWord) ? ', ' : ' or ');
}

const defaultOf = (row: Row): string =>
  row.default.startsWith('- ') ? row.default.slice(2) : code(row.default.replaceAll("'", ''));
