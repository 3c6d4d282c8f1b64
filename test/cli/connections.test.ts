import { join } from 'node:path';
import { type Given, KEYS, KEYS_IN_FILE, REGION, UserOfAws } from '../support/user-of-aws.ts';

const user = new UserOfAws();

describe('the Region', () => {
  it.each<[string, Given, string]>([
    ['AWS_REGION', { env: { AWS_REGION: 'eu-west-1' } }, 'eu-west-1'],
    ['AWS_DEFAULT_REGION', { env: { AWS_DEFAULT_REGION: 'eu-west-2' } }, 'eu-west-2'],
    [
      'AWS_REGION before AWS_DEFAULT_REGION',
      { env: { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' } },
      'eu-west-1',
    ],
    ['region of the profile', { config: ['[default]', 'region = eu-south-1'] }, 'eu-south-1'],
    [
      'region of AWS_PROFILE',
      { env: { AWS_PROFILE: 'a' }, config: ['[profile a]', 'region = eu-south-2'] },
      'eu-south-2',
    ],
    [
      'region of AWS_DEFAULT_PROFILE',
      { env: { AWS_DEFAULT_PROFILE: 'a' }, config: ['[profile a]', 'region = eu-south-2'] },
      'eu-south-2',
    ],
    [
      'region of --profile',
      {
        profile: 'b',
        env: { AWS_PROFILE: 'a' },
        config: ['[profile a]', 'region = eu-west-3', '[profile b]', 'region = eu-north-1', ...KEYS_IN_FILE],
      },
      'eu-north-1',
    ],
    [
      'the environment before the profile',
      { env: { AWS_DEFAULT_REGION: 'eu-west-2' }, config: ['[default]', 'region = eu-south-1'] },
      'eu-west-2',
    ],
  ])('is %s', async (_, { env, ...given }, region) => {
    const { account, region: signed } = await user.call({ ...given, env: { ...user.direct, ...KEYS, ...env } });
    expect([account, signed]).toEqual(['111122223333', region]);
  });

  it('is an error if nothing names one', async () => {
    await expect(user.call({ env: { ...user.direct, ...KEYS } })).rejects.toThrow(
      'no region: use --region, or set AWS_REGION',
    );
  });
});

describe('certificates', () => {
  it('are those of AWS_CA_BUNDLE, or ca_bundle of the profile', async () => {
    const env = { ...KEYS, ...REGION, AWS_ENDPOINT_URL: user.aws.url };
    expect((await user.call({ env: { ...env, AWS_CA_BUNDLE: user.aws.bundle } })).account).toBe('111122223333');
    expect((await user.call({ env, config: ['[default]', `ca_bundle = ${user.aws.bundle}`] })).account).toBe(
      '111122223333',
    );
  });

  it('are those of Node.js without it, and a bundle that does not exist is named', async () => {
    const env = { ...KEYS, ...REGION, AWS_ENDPOINT_URL: user.aws.url };
    await expect(user.call({ env })).rejects.toThrow(/self.signed certificate/);
    const missing = join(user.folder, 'missing.pem');
    await expect(user.call({ env: { ...env, AWS_CA_BUNDLE: missing } })).rejects.toThrow(
      `${missing} (AWS_CA_BUNDLE or ca_bundle) does not exist`,
    );
  });
});

describe('the proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('is %s', async (name) => {
    const env = { AWS_CA_BUNDLE: user.aws.bundle, ...KEYS, ...REGION, [name]: user.aws.proxyUrl };
    expect((await user.call({ env })).account).toBe('111122223333');
    expect(user.aws.proxied).toEqual(['sts.eu-west-1.amazonaws.com:443']);
  });

  it('is not used for the hosts of NO_PROXY', async () => {
    expect(
      (
        await user.call({
          env: { ...user.direct, ...KEYS, ...REGION, HTTPS_PROXY: user.aws.proxyUrl, NO_PROXY: 'localhost' },
        })
      ).account,
    ).toBe('111122223333');
    expect(user.aws.proxied).toEqual([]);
  });
});

describe('the endpoint', () => {
  it.each<[string, () => Given, string | RegExp]>([
    ['AWS_USE_FIPS_ENDPOINT', () => ({ env: { AWS_USE_FIPS_ENDPOINT: 'true' } }), 'sts-fips.eu-west-1.amazonaws.com'],
    [
      'use_fips_endpoint',
      () => ({ config: ['[default]', 'use_fips_endpoint = true'] }),
      'sts-fips.eu-west-1.amazonaws.com',
    ],
    ['AWS_USE_DUALSTACK_ENDPOINT', () => ({ env: { AWS_USE_DUALSTACK_ENDPOINT: 'true' } }), 'sts.eu-west-1.api.aws'],
    [
      'use_dualstack_endpoint',
      () => ({ config: ['[default]', 'use_dualstack_endpoint = true'] }),
      'sts.eu-west-1.api.aws',
    ],
    ['AWS_ENDPOINT_URL', () => ({ env: { AWS_ENDPOINT_URL: user.aws.url, NO_PROXY: 'localhost' } }), /^localhost/],
    [
      'AWS_ENDPOINT_URL_STS',
      () => ({ env: { AWS_ENDPOINT_URL_STS: user.aws.url, NO_PROXY: 'localhost' } }),
      /^localhost/,
    ],
    [
      'endpoint_url',
      () => ({ env: { NO_PROXY: 'localhost' }, config: ['[default]', `endpoint_url = ${user.aws.url}`] }),
      /^localhost/,
    ],
    [
      'services',
      () => ({
        env: { NO_PROXY: 'localhost' },
        config: ['[default]', 'services = own', '[services own]', 'sts =', `  endpoint_url = ${user.aws.url}`],
      }),
      /^localhost/,
    ],
    [
      'not that of AWS_ENDPOINT_URL with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
      () => ({ env: { AWS_ENDPOINT_URL: user.aws.url, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' } }),
      'sts.eu-west-1.amazonaws.com',
    ],
  ])('is that of %s', async (_, given, host) => {
    const { env, ...more } = given();
    const { host: called } = await user.call({ ...more, env: { ...user.proxied, ...KEYS, ...REGION, ...env } });
    expect(called).toEqual(typeof host === 'string' ? host : expect.stringMatching(host));
  });
});
