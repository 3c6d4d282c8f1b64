// cspell:ignore serde
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** By file of a package: what stands in for it where its use is none that our functions have. */
const STAND_INS: Readonly<Record<string, string>> = {
  // Loaded when a call streams events. Because it may be, esbuild wraps half of the SDK in functions and keeps all of each.
  '@smithy/core/dist-es/submodules/event-streams/index.js': `
    export class EventStreamSerde {
      constructor() {
        throw new Error('event streams are not in this bundle');
      }
    }
    // The client of Lambda configures them for the one call that streams, which is none of ours.
    export const resolveEventStreamSerdeConfig = (config) => config;
    export const eventStreamSerdeProvider = () => undefined;`,
  // Lambda has no `~/.aws`: a setting comes from the environment or is the SDK's default. The file as it is throws two errors
  // for each setting that is in neither place, for the endpoint URL at every call.
  '@smithy/core/dist-es/submodules/config/node-config-provider/configLoader.js': `
    import { memoize } from '../property-provider/memoize';
    export const loadConfig = ({ environmentVariableSelector, default: otherwise }, { signingName, logger } = {}) =>
      memoize(async () => {
        try {
          const value = environmentVariableSelector(process.env, { signingName, logger });
          if (value !== undefined) return value;
        } catch {}
        return typeof otherwise === 'function' ? otherwise() : otherwise;
      });`,
  // Requests are text and answers are Node's streams; to ask whether they are a browser's makes Node load those.
  '@smithy/core/dist-es/submodules/serde/util-stream/stream-type-check.js': `
    export const isReadableStream = () => false;
    export const isBlob = () => false;`,
  '@smithy/core/dist-es/submodules/retry/middleware-retry/isStreamingPayload/isStreamingPayload.js': `
    import { Readable } from 'node:stream';
    export const isStreamingPayload = (request) => request?.body instanceof Readable;`,
};

/** Of its `package.json`, a client uses its version, for the user agent. */
const PACKAGE_JSON = /@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/;

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
      build.onLoad({ filter: PACKAGE_JSON }, async ({ path }) => {
        const { version } = JSON.parse(await readFile(path, 'utf8')) as { readonly version: string };
        return { contents: JSON.stringify({ version }), loader: 'json' };
      });
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
