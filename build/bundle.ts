import { dirname, join, relative } from 'node:path';
import { build, type BuildOptions, type BuildResult, type Metafile, type Plugin } from 'esbuild';
import { inlineSchemaConstants } from './inline-schema-constants.ts';
import { lambdaCredentials } from './lambda-credentials.ts';
import { nodeBuiltins } from './node-builtins.ts';
import { noticesOf } from './notices.ts';
import { replaceFile } from './replace-file.ts';
import { ROOT, seal } from './seal.ts';
import { unusedParts } from './unused-parts.ts';

/** The deployed functions: `lambda/handlers/<name>.ts` becomes `dist/<name>/index.mjs`. */
export const FUNCTIONS = ['enforce', 'scan', 'notify'] as const;

/** Plugins that make the bundles smaller, so that a cold start reads and compiles less. */
const lean = (): readonly Plugin[] => [inlineSchemaConstants(), lambdaCredentials(), unusedParts(), nodeBuiltins()];

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // For `node`, esbuild prefers the CommonJS build of a package, which cannot be tree-shaken.
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  write: false,
} as const satisfies BuildOptions;

/** What is bundled, and where the output goes. */
export interface BundleOptions {
  /** The entry point, a TypeScript module. */
  readonly entry: string;
  /** The bundle. Everything in its directory is deployed. */
  readonly outfile: string;
  /**
   * The source map. It must be as deep in the tree as `outfile`, because its paths are relative.
   *
   * @default - no source map
   */
  readonly mapfile?: string;
  /** @default - the plugins of the deployed functions */
  readonly plugins?: readonly Plugin[];
}

/** A bundle that was written. */
export interface Bundle {
  readonly outfile: string;
  readonly bytes: number;
  readonly warnings: readonly string[];
  /** Source files, relative to the project. */
  readonly sources: readonly string[];
}

/** The entry point of a deployed function. */
export const handlerEntry = (name: string): string => join(ROOT, 'lambda', 'handlers', `${name}.ts`);

/** Builds the functions as they are deployed, with source maps beside them in `dist/maps`. */
export async function buildBundles(): Promise<Bundle[]> {
  const bundles = await Promise.all(
    FUNCTIONS.map((name) =>
      bundle({
        entry: handlerEntry(name),
        outfile: join(ROOT, 'dist', name, 'index.mjs'),
        mapfile: join(ROOT, 'dist', 'maps', `${name}.mjs.map`),
      }),
    ),
  );
  await seal(bundles.flatMap(({ sources, outfile }) => [...sources, relative(ROOT, outfile)]));
  return bundles;
}

/** Builds the command line of the package: one file that needs only Node.js, and its licenses. */
export async function buildCli(outfile = join(ROOT, 'dist', 'imdsv2', 'index.mjs')): Promise<Bundle> {
  const result = await build({
    ...OPTIONS,
    target: 'node20.19',
    entryPoints: [join(ROOT, 'bin', 'imdsv2.ts')],
    outfile,
    // Some packages in it are CommonJS and require modules of Node.js.
    banner: { js: REQUIRE },
  });
  const [code] = result.outputFiles;
  if (!code) throw new Error('esbuild made no bundle of the command line');
  await replaceFile(outfile, code.contents, 0o755);
  await replaceFile(join(dirname(outfile), 'LICENSES.txt'), await noticesOf(result.metafile, ROOT));
  return toBundle(outfile, code.contents, result);
}

const REQUIRE = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`;

/** Bundles one module for the Node.js of Lambda. The same sources give the same bytes on every machine. */
export async function bundle({ entry, outfile, mapfile, plugins = lean() }: BundleOptions): Promise<Bundle> {
  const result = await build({
    ...OPTIONS,
    entryPoints: [entry],
    outfile,
    sourcemap: mapfile ? 'external' : false,
    plugins: [...plugins],
  });
  assertNoRequire(result.metafile);
  const map = result.outputFiles.find(({ path }) => path.endsWith('.map'));
  const code = result.outputFiles.find((file) => file !== map);
  if (!code) throw new Error(`esbuild made no bundle of ${entry}`);
  await replaceFile(outfile, code.contents);
  if (map && mapfile) await replaceFile(mapfile, map.contents);
  return toBundle(outfile, code.contents, result);
}

type Built = BuildResult<{ metafile: true }>;

const toBundle = (outfile: string, { length }: Uint8Array, { warnings, metafile }: Built): Bundle => ({
  outfile,
  bytes: length,
  warnings: warnings.map(({ text }) => text),
  sources: Object.keys(metafile.inputs),
});

/** Rejects `require` calls: an ES module has no `require`, so the function would fail at cold start or later. */
function assertNoRequire({ outputs }: Metafile): void {
  const calls = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'require-call'));
  if (calls.length === 0) return;
  const modules = [...new Set(calls.map(({ path }) => path))].join(', ');
  throw new Error(
    `the bundle calls require() for ${modules}: add a banner that makes one with node:module createRequire`,
  );
}
