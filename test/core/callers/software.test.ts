import fc from 'fast-check';
import { callersOf } from '../../../lambda/core/callers/callers.ts';
import { DIAGNOSES, diagnose } from '../../../lambda/core/callers/diagnosis.ts';
import { softwareOf } from '../../../lambda/core/callers/software.ts';
import { clean } from '../../../lambda/core/text.ts';
import { INSTANCE, REGION } from '../../support/builders.ts';
import { ROWS } from './user-agents.ts';

/** A host whose containers do not get a token. */
const host = {
  region: REGION,
  instanceId: INSTANCE,
  reach: { hopLimit: 1, containerHost: true },
};

it.each(ROWS)('%s', (userAgent, name, version, kind) => {
  const software = softwareOf(userAgent);
  expect([software.name, software.version, diagnose(software, host).kind]).toEqual([name, version, kind]);
});

it('reads the first 1,024 characters, and none that is not visible', () => {
  expect(softwareOf(`${'x '.repeat(600)}aws-cli/1.16.200`).sdk).toBeUndefined();
  expect(softwareOf('aws-\u200bcli/1.16.200').sdk).toEqual({ name: 'AWS CLI', version: '1.16.200' });
});

it('has at least sixty user agents and every diagnosis', () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(60);
  expect([...new Set(ROWS.map(([, , , kind]) => kind))].toSorted()).toEqual(DIAGNOSES.toSorted());
});

describe('a diagnosis says what to do', () => {
  const textOf = (userAgent: string, over: Partial<typeof host> = {}) =>
    diagnose(softwareOf(userAgent), { ...host, ...over }).text;

  it('names the library that gets the credentials, and the program that contains it', () => {
    expect(textOf('Boto3/1.9.86 Python/2.7.16 Linux/4.14 Botocore/1.12.92')).toBe(
      'upgrade botocore 1.12.92 to 1.13.25 or later',
    );
    expect(textOf('Terraform/0.12.20 aws-sdk-go/1.25.3')).toBe(
      'upgrade AWS SDK for Go 1.25.3 in Terraform 0.12.20 to 1.25.38 or later',
    );
  });

  it('raises the hop limit of a container host, with the command', () => {
    const { text, commands } = diagnose(softwareOf('aws-sdk-go-v2/1.30.3 ua/2.1'), host);
    expect(text).toBe('the token does not reach the container: raise the hop limit to 2');
    expect(commands).toEqual([
      `aws ec2 modify-instance-metadata-options --region ${REGION} --instance-id ${INSTANCE} --http-put-response-hop-limit 2 --http-endpoint enabled`,
    ]);
  });

  it('names the places to look at where the SDK supports IMDSv2', () => {
    expect(textOf('aws-cli/2.15.30', { reach: { hopLimit: 2, containerHost: false } })).toMatch(
      /^supports IMDSv2 but was given IMDSv1 credentials: cached before the change, or IMDSv1 asked for; restart/,
    );
    const low = { hopLimit: 1, containerHost: false };
    expect(textOf('aws-cli/2.15.30', { reach: low })).toMatch(/if it runs in a container, raise the hop limit/);
    expect(textOf('aws-cli/2.15.30', { reach: undefined })).toMatch(/the hop limit could not be read$/);
  });
});

it('accepts any text, and shows nothing that is long or not printable', () => {
  const word = fc.oneof(
    fc.constantFrom('Boto3/', 'aws-cli/', 'aws-sdk-java/2', 'md/Botocore#', '[', ']', 'exec-env/AWS_ECS_', 'APN/1.0 '),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('\u202e', '\u001b[2J', '\n', '9'.repeat(300), 'v1.', '/'.repeat(200), 'a'.repeat(5_000)),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const userAgent = words.join('');
      const call = { at: new Date(0), service: userAgent, delivery: '1.0', userAgent, sourceAddress: userAgent };
      const [caller] = callersOf([{ ...call, vpcEndpointId: userAgent }], host, {});
      const { software, diagnosis, services, sources } = caller ?? raise();
      const shown = [software.name, software.version ?? '', software.sdk?.version ?? '', caller?.userAgent ?? ''];
      shown.push(diagnosis.text, services[0]?.service ?? '', sources[0]?.address ?? '', sources[0]?.id ?? '');
      for (const text of shown) expect([text, text.length <= 512]).toEqual([clean(text, 512), true]);
      expect(software.name).not.toBe('');
    }),
  );
});

function raise(): never {
  throw new Error('no caller');
}
