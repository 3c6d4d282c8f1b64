import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { loadConfig } from '@smithy/core/config';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { UsageError } from './command.ts';
import { fileProblem } from './errors.ts';
import type { Io } from './io.ts';

/** In milliseconds; the SDK has no request timeout by default. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/** As of the SDK's own agents. */
const KEEP_ALIVE: AgentOptions = { keepAlive: true, maxSockets: 50 };

type RequestHandler = Pick<NodeHttpHandler, 'handle' | 'updateHttpClientConfig' | 'httpHandlerConfigs'>;
type Credentials = ReturnType<typeof defaultProvider> | ReturnType<typeof keysIn>;

/** The configuration of a client. */
export interface ClientConfig {
  readonly region: string;
  readonly profile?: string;
  readonly requestHandler: RequestHandler;
  readonly credentials: Credentials;
  /** SQS only: the endpoint is that of the environment or the profile, and not the one in the URL of a queue. */
  readonly useQueueUrlAsEndpoint: false;
}

/**
 * What the AWS CLI reads from the environment and the profile and the SDK does not: `AWS_DEFAULT_REGION`,
 * `AWS_DEFAULT_PROFILE`, `AWS_CA_BUNDLE`, `ca_bundle`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, codes for `mfa_serial`,
 * and keys in the environment beside `AWS_PROFILE`.
 *
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 * https://docs.aws.amazon.com/cli/latest/topic/config-vars.html
 */
export class Connections {
  readonly #io: Io;
  readonly #profile: string | undefined;
  readonly #credentials: Credentials;
  #handler: Promise<NodeHttpHandler> | undefined;

  /** Reads its settings, and a file that they name, at the first request. */
  readonly #requestHandler: RequestHandler = {
    handle: async (request, options) => (await (this.#handler ??= this.#newHandler())).handle(request, options),
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };

  /** @param profile of the option; by default that of the environment. */
  public constructor(io: Io, profile: string | undefined) {
    const { AWS_PROFILE, AWS_DEFAULT_PROFILE } = io.env;
    this.#io = io;
    this.#profile = profile ?? (AWS_PROFILE || AWS_DEFAULT_PROFILE || undefined);
    const clientConfig = { requestHandler: this.#requestHandler };
    const keys = profile === undefined ? keysIn(io.env) : undefined;
    // All clients share the credentials, so that there is one question for an MFA code.
    this.#credentials =
      keys ??
      defaultProvider({
        profile: this.#profile,
        mfaCodeProvider: (serial) => this.#mfaCode(serial),
        clientConfig,
        parentClientConfig: clientConfig,
      });
  }

  /** The configuration of any client. */
  public config(region: string): ClientConfig {
    return {
      region,
      profile: this.#profile,
      requestHandler: this.#requestHandler,
      credentials: this.#credentials,
      useQueueUrlAsEndpoint: false,
    };
  }

  /** The Region of the environment or the profile; `undefined` if neither names one. */
  public async region(): Promise<string | undefined> {
    const region = await loadConfig<string | undefined>(
      {
        environmentVariableSelector: ({ AWS_REGION, AWS_DEFAULT_REGION }) =>
          AWS_REGION || AWS_DEFAULT_REGION || undefined,
        configFileSelector: ({ region }) => region,
        default: undefined,
      },
      { profile: this.#profile },
    )();
    return region;
  }

  /** A handler with the agents that a proxy or a certificate bundle needs, if there is one. */
  async #newHandler(): Promise<NodeHttpHandler> {
    const bundle = await loadConfig<string | undefined>(
      {
        environmentVariableSelector: ({ AWS_CA_BUNDLE }) => AWS_CA_BUNDLE || undefined,
        configFileSelector: ({ ca_bundle }) => ca_bundle,
        default: undefined,
      },
      { profile: this.#profile },
    )();
    const isProxied = PROXIES.some((name) => this.#io.env[name]);
    if (bundle === undefined && !isProxied) return new NodeHttpHandler(TIMEOUTS);
    const agent = new EnvironmentAgent({ ...KEEP_ALIVE, ...(bundle !== undefined && { ca: await pemOf(bundle) }) });
    return new NodeHttpHandler({
      ...TIMEOUTS,
      httpAgent: agent as unknown as HttpAgent,
      httpsAgent: agent as unknown as HttpsAgent,
    });
  }

  async #mfaCode(serial: string): Promise<string> {
    const code = await this.#io.ask(`MFA code of ${serial}:`);
    if (!code) throw new UsageError(`the profile needs an MFA code of ${serial}: run the command in a terminal`);
    return code;
  }
}

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Keys in the environment, which the AWS CLI prefers to `AWS_PROFILE`, but not to `--profile`. */
function keysIn({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: Io['env']) {
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || undefined,
  };
}

async function pemOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`the certificate bundle ${path} (AWS_CA_BUNDLE or ca_bundle) ${fileProblem(error)}`);
  }
}

/** Connects directly or through the proxy that the environment names for a host. */
class EnvironmentAgent extends Agent {
  readonly #http = new HttpAgent(KEEP_ALIVE);
  readonly #https: HttpsAgent;
  readonly #proxies = new Map<string, HttpsProxyAgent<string>>();
  readonly #options: AgentOptions;

  public constructor(options: AgentOptions) {
    super(options);
    this.#options = options;
    this.#https = new HttpsAgent(options);
  }

  public override connect(...[, { secureEndpoint, host, port }]: Parameters<Agent['connect']>): HttpAgent {
    const url = getProxyForUrl(`${secureEndpoint ? 'https' : 'http'}://${host ?? ''}:${port}`);
    if (url === '') return secureEndpoint ? this.#https : this.#http;
    let proxy = this.#proxies.get(url);
    if (proxy === undefined) this.#proxies.set(url, (proxy = new HttpsProxyAgent(url, this.#options)));
    return proxy;
  }
}
