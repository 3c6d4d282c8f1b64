import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

const CHAIN = '@aws-sdk/credential-provider-node';
const ENVIRONMENT = '@aws-sdk/credential-provider-env';

/**
 * Leaves only one link of the SDK's credential chain: the environment, where Lambda puts the credentials of the role.
 * The others (SSO, profiles, processes, web identity, container and instance metadata) bring four more clients along.
 *
 * The provider reads the environment for every request and throws a `CredentialsProviderError` when it finds nothing.
 * A function that gets its credentials elsewhere (SnapStart uses the container endpoint) needs the chain back.
 * Should an SDK client import more than `defaultProvider` from the chain, the build fails and names the import.
 */
export function lambdaCredentials(): Plugin {
  const resolvingChain = Symbol('resolving the chain itself');
  return {
    name: 'lambda-credentials',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${CHAIN}$`) }, async ({ path, pluginData, ...from }) => {
        if (pluginData === resolvingChain) return undefined;
        const { importer, kind, resolveDir } = from;
        const chain = await build.resolve(path, { importer, kind, resolveDir, pluginData: resolvingChain });
        if (chain.errors.length > 0) return { errors: chain.errors };
        return { path, namespace: 'lambda-credentials', pluginData: dirname(chain.path), sideEffects: false };
      });
      // Resolved from the chain's own folder: the provider is the chain's dependency, not ours.
      build.onLoad({ filter: /.*/, namespace: 'lambda-credentials' }, ({ pluginData }) => ({
        contents: `export { fromEnv as defaultProvider } from '${ENVIRONMENT}';`,
        resolveDir: String(pluginData),
      }));
    },
  };
}
