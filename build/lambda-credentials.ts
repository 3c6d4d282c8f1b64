import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

const CHAIN = '@aws-sdk/credential-provider-node';
const ENVIRONMENT = '@aws-sdk/credential-provider-env';

/**
 * Replaces the SDK's credential chain by its environment provider.
 *
 * Lambda puts the credentials of the role into the environment. The other providers (SSO, profiles, processes, web
 * identity, container and instance metadata) would add four clients.
 *
 * The provider reads the environment for every request and throws a `CredentialsProviderError` if it has no
 * credentials. A function with credentials from another source (SnapStart uses the container endpoint) needs the chain.
 * If an SDK client imports more than `defaultProvider` from the chain, the build fails and names the import.
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
      // Resolved from the directory of the chain, because the provider is a dependency of the chain only.
      build.onLoad({ filter: /.*/, namespace: 'lambda-credentials' }, ({ pluginData }) => ({
        contents: `export { fromEnv as defaultProvider } from '${ENVIRONMENT}';`,
        resolveDir: String(pluginData),
      }));
    },
  };
}
