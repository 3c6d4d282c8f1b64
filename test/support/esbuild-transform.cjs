// Only removes the types, which `tsc` checks. The bundles are built with the same compiler.
const { createHash } = require('node:crypto');
const { transformSync } = require('esbuild');

const options = {
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  sourcemap: 'inline',
  // Jest runs CommonJS, where `import.meta` does not exist, and `import()` only as `require`.
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  supported: { 'dynamic-import': false },
};

module.exports = {
  process: (source, file) =>
    transformSync(source, { ...options, loader: file.endsWith('.ts') ? 'ts' : 'js', sourcefile: file }),
  getCacheKey: (source, file) =>
    createHash('sha256')
      .update(JSON.stringify(options) + file + source)
      .digest('hex'),
};
