import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Given, KEYS, KEYS_IN_FILE, REGION, UserOfAws } from '../support/user-of-aws.ts';

const ROLE = 'arn:aws:iam::111122223333:role/auditor';
const user = new UserOfAws();

describe('credentials', () => {
  it('are the keys of the environment, with a session token', async () => {
    const { key, headers } = await user.call({
      env: { ...user.direct, ...REGION, ...KEYS, AWS_SESSION_TOKEN: 'session' },
    });
    expect([key, headers?.['x-amz-security-token']]).toEqual(['AKIAKEYS', 'session']);
  });

  it.each<[string, Given, string]>([
    ['of the profile', { config: ['[default]', ...KEYS_IN_FILE] }, 'AKIAFILE'],
    [
      'of --profile, before the environment',
      { profile: 'a', env: KEYS, config: ['[profile a]', ...KEYS_IN_FILE] },
      'AKIAFILE',
    ],
    [
      'of AWS_DEFAULT_PROFILE',
      { env: { AWS_DEFAULT_PROFILE: 'a' }, config: ['[profile a]', ...KEYS_IN_FILE] },
      'AKIAFILE',
    ],
    [
      'of the environment, before AWS_PROFILE',
      { env: { ...KEYS, AWS_PROFILE: 'a' }, config: ['[profile a]', ...KEYS_IN_FILE] },
      'AKIAKEYS',
    ],
    [
      'of credential_process',
      {
        config: [
          '[default]',
          `credential_process = echo '{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"s"}'`,
        ],
      },
      'AKIAPROCESS',
    ],
    [
      'of a role with source_profile',
      {
        profile: 'a',
        config: ['[profile a]', `role_arn = ${ROLE}`, 'source_profile = b', '[profile b]', ...KEYS_IN_FILE],
      },
      'AKIAROLE',
    ],
    [
      'of a role with credential_source',
      { profile: 'a', env: KEYS, config: ['[profile a]', `role_arn = ${ROLE}`, 'credential_source = Environment'] },
      'AKIAROLE',
    ],
  ])('are those %s', async (_, { env, ...given }, key) => {
    expect((await user.call({ ...given, env: { ...user.direct, ...REGION, ...env } })).key).toBe(key);
  });

  it('of a role are asked for with its session name, external id and duration', async () => {
    const config = [
      '[default]',
      `role_arn = ${ROLE}`,
      'source_profile = b',
      'role_session_name = kim',
      'external_id = x-1',
      'duration_seconds = 900',
      '[profile b]',
      ...KEYS_IN_FILE,
    ];
    const { calls } = await user.call({ profile: 'default', config, env: { ...user.direct, ...REGION } });
    expect(Object.fromEntries(calls[0]?.form ?? [])).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: ROLE,
      RoleSessionName: 'kim',
      ExternalId: 'x-1',
      DurationSeconds: '900',
    });
  });

  const MFA = [
    '[profile a]',
    `role_arn = ${ROLE}`,
    'source_profile = b',
    'mfa_serial = arn:aws:iam::111122223333:mfa/kim',
    '[profile b]',
    ...KEYS_IN_FILE,
  ];

  it('of a role with mfa_serial need a code, which is asked for', async () => {
    const { calls, questions } = await user.call({
      profile: 'a',
      config: MFA,
      env: { ...user.direct, ...REGION },
      typed: '123456',
    });
    expect(questions).toEqual(['MFA code of arn:aws:iam::111122223333:mfa/kim:']);
    expect(calls[0]?.form.get('TokenCode')).toBe('123456');
  });

  it('of a role with mfa_serial are an error without a terminal', async () => {
    await expect(user.call({ profile: 'a', config: MFA, env: { ...user.direct, ...REGION } })).rejects.toThrow(
      /MFA code of .*: run the command in a terminal/,
    );
  });

  it('are those of a web identity', async () => {
    const token = join(user.folder, 'token');
    await writeFile(token, 'jwt');
    const env = { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_SESSION_NAME: 'pipeline' };
    const { key, calls } = await user.call({ env: { ...user.direct, ...REGION, ...env } });
    expect([key, calls[0]?.form.get('RoleSessionName')]).toEqual(['AKIAROLE', 'pipeline']);
  });

  it('are those of a login with SSO, through the proxy', async () => {
    const start = 'https://example.awsapps.com/start';
    await mkdir(join(user.folder, '.aws/sso/cache'), { recursive: true });
    const cached = { accessToken: 'token', expiresAt: '2100-01-01T00:00:00Z' };
    await writeFile(
      join(user.folder, '.aws/sso/cache', `${createHash('sha1').update(start).digest('hex')}.json`),
      JSON.stringify(cached),
    );
    const config = [
      '[profile a]',
      `sso_start_url = ${start}`,
      'sso_region = us-east-1',
      'sso_account_id = 111122223333',
      'sso_role_name = Auditor',
    ];
    const { key } = await user.call({ profile: 'a', config, env: { ...user.proxied, ...REGION } });
    expect([key, user.aws.proxied[0]]).toEqual(['AKIASSO', 'portal.sso.us-east-1.amazonaws.com:443']);
  });
});
