import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aws } from '../../cli/common/aws.ts';
import { startAwsOverTls, type TlsAws } from './aws-over-tls.ts';
import { recordingIo } from './io.ts';

/** Environment and files of a user of the command line. */
export interface Given {
  readonly env?: Record<string, string>;
  /** The lines of `~/.aws/config`. */
  readonly config?: readonly string[];
  readonly profile?: string;
  readonly typed?: string;
}

export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAKEYS', AWS_SECRET_ACCESS_KEY: 'secret' };
export const KEYS_IN_FILE = ['aws_access_key_id = AKIAFILE', 'aws_secret_access_key = secret'];
export const REGION = { AWS_REGION: 'eu-west-1' };

/** AWS over TLS, and a user who calls it, for the tests of a file. */
export class UserOfAws {
  readonly #before = process.env;
  #folder = '';
  #aws: TlsAws | undefined;

  public constructor() {
    beforeAll(async () => {
      this.#folder = await mkdtemp(join(tmpdir(), 'imdsv2-user-'));
      this.#aws = await startAwsOverTls(this.#folder);
    });
    afterAll(async () => {
      await this.aws.close();
      await rm(this.#folder, { recursive: true });
    });
    afterEach(() => {
      process.env = this.#before;
      this.aws.calls.splice(0);
      this.aws.proxied.splice(0);
    });
  }

  public get aws(): TlsAws {
    if (this.#aws === undefined) throw new Error('not started');
    return this.#aws;
  }

  /** The home directory. */
  public get folder(): string {
    return this.#folder;
  }

  /** Variables that lead to AWS directly. */
  public get direct() {
    return { AWS_CA_BUNDLE: this.aws.bundle, AWS_ENDPOINT_URL: this.aws.url };
  }

  /** Variables that lead to AWS through the proxy. */
  public get proxied() {
    return { AWS_CA_BUNDLE: this.aws.bundle, HTTPS_PROXY: this.aws.proxyUrl };
  }

  /** Asks for the account, and returns the calls that arrive. */
  public async call({ env = {}, config = [], profile, typed }: Given) {
    // The SDK reads a file once.
    const file = join(this.#folder, `config-${randomUUID()}`);
    await writeFile(file, config.join('\n'));
    process.env = {
      PATH: this.#before.PATH,
      HOME: this.#folder,
      AWS_CONFIG_FILE: file,
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    };
    const recorded = recordingIo({ env: process.env, typed });
    const account = await new Aws({ profile }, recorded.io).account();
    const { calls } = this.aws;
    const last = calls.at(-1);
    const [, key = '', region = ''] = /Credential=(\w+)\/\d+\/([\w-]+)\//.exec(last?.headers.authorization ?? '') ?? [];
    return { account, calls, key, region, host: last?.host, headers: last?.headers, ...recorded };
  }
}
