import { readFile } from 'node:fs/promises';
import type { PartialMessage, Plugin } from 'esbuild';
import ts from 'typescript';
import { hasQueryCodes, withoutErrorClasses } from './error-classes.ts';
import { withoutUnreadMembers } from './unread-members.ts';

/** Cached by source, because bundles share files and parsing one takes up to a second. */
const results = new Map<string, Inlined>();

const SCHEMA_FILE = /@aws-sdk[\\/](client-[^\\/]+|nested-clients)[\\/]dist-es[\\/](.+[\\/])?schemas[\\/][^\\/]+\.js$/;

/**
 * Lets esbuild drop unused schemas of the AWS SDK, the classes of errors, and members that no function reads.
 *
 * A schema is a constant with keys like `{ [_xN]: … }`, where `_xN` is a string constant of the same file. A computed
 * key may run code (`toString`), so esbuild keeps every schema of the service. With literal keys a schema is plain
 * data.
 *
 * If the SDK changes the form of these files, they are bundled unchanged: larger, but correct, and with a warning.
 */
export function inlineSchemaConstants(): Plugin {
  return {
    name: 'inline-schema-constants',
    setup(build) {
      let files = 0;
      build.onStart(() => {
        files = 0;
      });
      build.onLoad({ filter: SCHEMA_FILE }, async ({ path }) => {
        files += 1;
        const read = withoutUnreadMembers(await readFile(path, 'utf8'));
        const source = withoutErrorClasses(read, { isQuery: await hasQueryCodes(path) });
        const result = results.get(source) ?? inlineConstants(source);
        results.set(source, result);
        return { contents: result.inlined > 0 ? result.text : undefined, warnings: warningsFor(path, result) };
      });
      build.onEnd(() =>
        files > 0
          ? {}
          : { warnings: [{ text: 'no schema file of an AWS SDK client found; the SDK may have moved them' }] },
      );
    },
  };
}

/** A source with literal keys. */
export interface Inlined {
  readonly text: string;
  /** Number of computed keys that were replaced. */
  readonly inlined: number;
  /** The computed keys that were not replaced, as in the source. */
  readonly remaining: readonly string[];
}

/**
 * Replaces `{ [NAME]: … }` by `{ "value": … }` where NAME is a string constant of this module.
 *
 * The same for NAME as the value of a property and in a list of names: V8 copies literals as a whole, names one by one.
 */
export function inlineConstants(source: string): Inlined {
  const file = ts.createSourceFile('schemas.js', source, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const constants = stringConstants(file);
  const parts: string[] = [];
  const remaining: string[] = [];
  let copied = 0;
  let inlined = 0;
  for (const use of uses(file)) {
    const [name, isKey] = ts.isComputedPropertyName(use) ? [use.expression, true] : [use, false];
    const constant = ts.isIdentifier(name) ? constants.get(name.text) : undefined;
    // Reading a `const` above its declaration throws. Such code is not changed either.
    if (constant === undefined || use.pos < constant.end) {
      if (isKey) remaining.push(use.getText(file));
      continue;
    }
    if (isKey) inlined += 1;
    parts.push(source.slice(copied, use.getStart(file)), JSON.stringify(constant.value));
    copied = use.end;
  }
  return { text: parts.join('') + source.slice(copied), inlined, remaining };
}

interface Constant {
  readonly value: string;
  readonly end: number;
}

/** Top-level `const NAME = "value"`, except names that are declared again anywhere in the module. */
function stringConstants(file: ts.SourceFile): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if (!(statement.declarationList.flags & ts.NodeFlags.Const)) continue;
    for (const { name, initializer, end } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || !initializer || !ts.isStringLiteralLike(initializer)) continue;
      // `{ "__proto__": x }` sets the prototype, `{ ["__proto__"]: x }` makes a property.
      if (initializer.text !== '__proto__') constants.set(name.text, { value: initializer.text, end });
    }
  }
  for (const name of namesDeclaredTwice(file)) constants.delete(name);
  return constants;
}

/** Names that may be shadowed. Cheaper than resolving scopes, and conservative. */
function namesDeclaredTwice(file: ts.SourceFile): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  walk(file, (node) => {
    if (!declaresName(node) || !node.name || !ts.isIdentifier(node.name)) return;
    if (seen.has(node.name.text)) twice.add(node.name.text);
    seen.add(node.name.text);
  });
  return twice;
}

const declaresName = (node: ts.Node) =>
  ts.isVariableDeclaration(node) ||
  ts.isParameter(node) ||
  ts.isBindingElement(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isClassLike(node) ||
  ts.isImportClause(node) ||
  ts.isImportSpecifier(node) ||
  ts.isNamespaceImport(node);

/** Where constants are used, in source order. Schemas have no computed keys of methods or classes. */
function uses(file: ts.SourceFile): (ts.ComputedPropertyName | ts.Identifier)[] {
  const found: (ts.ComputedPropertyName | ts.Identifier)[] = [];
  walk(file, (node) => {
    if (ts.isPropertyAssignment(node) && ts.isComputedPropertyName(node.name)) found.push(node.name);
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.initializer)) found.push(node.initializer);
    if (ts.isArrayLiteralExpression(node) && node.elements.every(ts.isIdentifier)) found.push(...node.elements);
  });
  return found.sort((a, b) => a.pos - b.pos);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

function warningsFor(path: string, { inlined, remaining }: Inlined): PartialMessage[] {
  const location = { file: path };
  if (inlined === 0)
    return [{ text: 'no computed key was replaced; the SDK may have changed the form of this file', location }];
  if (remaining.length === 0) return [];
  return [{ text: `${remaining.length} computed keys were not replaced, the first is ${remaining[0]}`, location }];
}
