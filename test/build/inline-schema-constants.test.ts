import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { inlineConstants, inlineSchemaConstants } from '../../build/inline-schema-constants.ts';

describe('inlineConstants', () => {
  it('replaces keys that are string constants of the module', () => {
    const source =
      'const _x = "xmlName", _y = `it\'s "y"`;\nexport var A = [3, _x, [{ [_x]: 1,\n  [_y]: 1 }, { [_x]: 2 }]];\n';

    expect(inlineConstants(source)).toEqual({
      text: 'const _x = "xmlName", _y = `it\'s "y"`;\nexport var A = [3, _x, [{ "xmlName": 1,\n  "it\'s \\"y\\"": 1 }, { "xmlName": 2 }]];\n',
      inlined: 3,
      remaining: [],
    });
  });

  it('writes out values of properties and lists of names, and nothing else', () => {
    const source =
      'const _x = "a", _y = 1;\nexport var A = [3, _x, [_x, _x], [_x, _y], [], { _x: _x, y: [_x] }, _x.length, f(_x), () => _x];\n';

    expect(inlineConstants(source)).toEqual({
      text: 'const _x = "a", _y = 1;\nexport var A = [3, _x, ["a", "a"], ["a", _y], [], { _x: "a", y: ["a"] }, _x.length, f(_x), () => _x];\n',
      inlined: 0,
      remaining: [],
    });
  });

  it.each([
    ['a number', 'const _x = 1;'],
    ['computed', 'const _x = "a" + "b";'],
    ['a template with a hole', 'const _x = `a${1}`;'],
    ['reassignable', 'let _x = "a"; _x = "b";'],
    ['a var', 'var _x = "a";'],
    ['imported', 'import { _x } from "./names";'],
    ['declared in a block only', '{ const _x = "a"; }'],
    ['shadowed by a parameter', 'const _x = "a"; export const f = (_x) => _x;'],
    ['shadowed by a destructured parameter', 'const _x = "a"; export const f = ({ a: [_x] }) => _x;'],
    ['shadowed in a block', 'const _x = "a"; { const _x = "b"; }'],
    ['shadowed by a loop', 'const _x = "a"; for (const _x of []) ;'],
    ['shadowed by a caught error', 'const _x = "a"; try { } catch (_x) { }'],
    ['shadowed by a function', 'const _x = "a"; { function _x() {} }'],
    ['shadowed by the name of a function expression', 'const _x = "a"; export const f = function _x() {};'],
    ['shadowed by a class', 'const _x = "a"; { class _x {} }'],
    ['__proto__, which means something else as a plain key', 'const _x = "__proto__";'],
  ])('does not replace a key that is %s', (_, declaration) => {
    const source = `${declaration}\nexport const A = { [_x]: 1 };`;

    expect(inlineConstants(source)).toEqual({ text: source, inlined: 0, remaining: ['[_x]'] });
  });

  it('does not replace expressions, or keys above their declaration', () => {
    const source =
      'export const A = { [_x]: 1 };\nconst _x = "a";\nexport const B = { [_x + ""]: 1, [A.b]: 2, [f()]: 3 };';

    expect(inlineConstants(source)).toEqual({
      text: source,
      inlined: 0,
      remaining: ['[_x]', '[_x + ""]', '[A.b]', '[f()]'],
    });
  });

  it('ignores strings, comments, subscripts, methods and classes', () => {
    const source =
      'const _x = "a"; // { [_x]: 1 }\nexport const A = ["{ [_x]: 1 }", `{ [_x]: 1 }`, _x[_x]];\n' +
      'export class B { [_x] = 1; }\nexport const C = { [_x]() {}, get [_x]() { return 1; } };';

    expect(inlineConstants(source)).toEqual({ text: source, inlined: 0, remaining: [] });
  });
});

describe('inlineSchemaConstants', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inline-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const SCHEMAS = 'node_modules/@aws-sdk/client-x/dist-es/schemas/schemas_0.js';

  /** Bundles an entry that uses `used` from an SDK file with the text given. */
  async function bundled(text: string, file = SCHEMAS) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
    const result = await build({
      stdin: { contents: `import { used } from './${file}'; console.log(used);`, resolveDir: folder },
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
      write: false,
      plugins: [inlineSchemaConstants()],
    });
    return { text: result.outputFiles[0]?.text, warnings: result.warnings.map((warning) => warning.text) };
  }

  it('drops unused schemas', async () => {
    const { text, warnings } = await bundled(
      'const _x = "xmlName";\nexport var used = [{ [_x]: "used" }];\nexport var unused = [{ [_x]: "unused" }];',
    );

    expect(text).toContain('"xmlName": "used"');
    expect(text).not.toContain('"unused"');
    expect(warnings).toEqual([]);
  });

  it('bundles a file of another form unchanged, with a warning', async () => {
    const { text, warnings } = await bundled('const names = { x: "a" };\nexport var used = [{ [names.x]: 1 }];');

    expect(text).toContain('[names.x]: 1');
    expect(warnings).toEqual(['no computed key was replaced; the SDK may have changed the form of this file']);
  });

  it('warns about keys that it does not replace', async () => {
    const { text, warnings } = await bundled(
      'const _x = "a";\nlet _y = "b";\nexport var used = [{ [_x]: 1 }, { [_y]: 2 }];',
    );

    expect(text).toContain('"a": 1');
    expect(text).toContain('[_y]: 2');
    expect(warnings).toEqual(['1 computed keys were not replaced, the first is [_y]']);
  });

  it('warns if the SDK has moved its schemas', async () => {
    const { warnings } = await bundled('export var used = 1;', 'node_modules/@aws-sdk/client-x/dist-es/shapes/all.js');

    expect(warnings).toEqual(['no schema file of an AWS SDK client found; the SDK may have moved them']);
  });
});
