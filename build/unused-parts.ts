// cspell:ignore serde
import type { Plugin } from 'esbuild';

/** By file of a package: what stands in for it where its use is none that our functions have. */
const STAND_INS: Readonly<Record<string, string>> = {
  // Loaded when a call streams events. Because it may be, esbuild wraps half of the SDK in functions and keeps all of each.
  '@smithy/core/dist-es/submodules/event-streams/index.js': `
    export {};
    throw new Error('event streams are not in this bundle');`,
  // Lambda has no `~/.aws`. Settings in the environment and in code count as before.
  '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js': `
    export { CONFIG_PREFIX_SEPARATOR } from './constants';
    export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
  // Requests are text and answers are Node's streams; to ask whether they are a browser's makes Node load those.
  '@smithy/core/dist-es/submodules/serde/util-stream/stream-type-check.js': `
    export const isReadableStream = () => false;
    export const isBlob = () => false;`,
  '@smithy/core/dist-es/submodules/retry/middleware-retry/isStreamingPayload/isStreamingPayload.js': `
    import { Readable } from 'node:stream';
    export const isStreamingPayload = (request) => request?.body instanceof Readable;`,
};

/** A module of Node's that `@middy/core` imports for handlers that stream their answer. */
const WEB_STREAMS = /^node:stream\/web$/;

/**
 * Leaves out what packages load for uses that no function of ours has.
 *
 * Should a package move a file, it is bundled as it is: larger, never wrong, and with a warning. Should one import more from
 * a file than stands in for it, the build fails and names the import.
 */
export function unusedParts(): Plugin {
  return {
    name: 'unused-parts',
    setup(build) {
      const found = new Set<string>();
      build.onStart(() => found.clear());
      for (const [file, contents] of Object.entries(STAND_INS)) {
        const filter = new RegExp(
          `[\\\\/]node_modules[\\\\/]${file.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]')}$`,
        );
        build.onLoad({ filter }, () => {
          found.add(file);
          return { contents };
        });
      }
      build.onResolve({ filter: WEB_STREAMS }, ({ path }) => ({ path, namespace: 'unused-parts' }));
      build.onLoad({ filter: WEB_STREAMS, namespace: 'unused-parts' }, () => ({
        contents: 'export class ReadableStream {}',
      }));
      build.onEnd(() => ({
        warnings: Object.keys(STAND_INS)
          .filter((file) => !found.has(file))
          .map((file) => ({ text: `no ${file} found: has the package moved it?` })),
      }));
    },
  };
}
