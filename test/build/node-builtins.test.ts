import { nodeBuiltins } from '../../build/node-builtins.ts';
import { runBundled } from './run-bundled.ts';

it('modules of Node are what an import gives: by name, as default, as a namespace and when imported later', async () => {
  const entry = `
    import path, { join } from 'node:path';
    import * as namespace from 'node:path';
    const later = await import('node:path');
    const real = process.getBuiltinModule('node:path');
    console.log([path, namespace.default, later.default].every((one) => one === real));
    console.log([join, namespace.join, later.join].every((one) => one === real.join));`;

  expect(await runBundled(entry, [nodeBuiltins()])).toBe('true\ntrue\n');
});

it('what wraps a function of such a module is seen, as tracing needs it', async () => {
  const entry = `
    import https from 'node:https';
    process.getBuiltinModule('node:https').request = () => 'traced';
    console.log(https.request());`;

  expect(await runBundled(entry, [nodeBuiltins()])).toBe('traced\n');
});

it('a module that no code uses is not loaded', async () => {
  const entry = `import * as zlib from 'node:zlib'; console.log(process.moduleLoadList.includes('NativeModule zlib'));`;

  expect(await runBundled(entry, [nodeBuiltins()])).toBe('false\n');
});
