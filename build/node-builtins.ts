import type { Plugin } from 'esbuild';

/**
 * Takes Node's own modules from `process.getBuiltinModule`, not by `import`.
 *
 * An import makes Node read every property of such a module, and some are getters that load more: of `node:fs` its streams, of
 * `node:process` the terminal, of `node:crypto` WebCrypto. The functions use none of that before the first change.
 *
 * It is the object that an import has as its default, so code that wraps functions of it (tracing) works as before.
 */
export function nodeBuiltins(): Plugin {
  return {
    name: 'node-builtins',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'node-builtins', sideEffects: false }));
      build.onLoad({ filter: /.*/, namespace: 'node-builtins' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('${path}');`,
      }));
    },
  };
}
