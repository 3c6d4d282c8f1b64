import { rmSync, writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { addNonCompliant, enterAws, imdsv2, leaveAws, old } from '../support/cli.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ regions: ['us-east-1', 'eu-west-1', 'ap-south-1'] });
  enterAws(sandbox);
});
afterAll(async () => {
  leaveAws();
  await sandbox.stop();
});
const deny = (Action: string, Condition = {}) =>
  sandbox.callers.add('AKIATEST', {
    arn: 'arn:aws:iam::111122223333:user/kim',
    policies: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action, Resource: '*', Condition },
    ],
  });
beforeEach(() => deny('ec2:*', { StringEquals: { 'aws:RequestedRegion': 'ap-south-1' } }));

const NOT_VISIBLE = /ap-south-1.*not visible from here: missing permission ec2:DescribeInstances/;

describe('a Region that a service control policy denies', () => {
  it('does not change the exit code of audit, which names it beside the total', async () => {
    const { exitCode, out, notes } = await imdsv2(['audit', '--regions', 'all']);
    expect(exitCode).toBe(0);
    expect(notes.join('\n')).toMatch(NOT_VISIBLE);
    expect(out.join('\n')).toMatch(/all Regions .* without 1 Region/);
    expect(out.join('\n')).toMatch(/ap-south-1 .* not visible from here/);
  });

  it('does not change the exit code of exempt list and enforce', async () => {
    const exempt = await imdsv2(['exempt', 'list', '--regions', 'all']);
    expect(exempt).toMatchObject({ exitCode: 0, out: ['No exemptions found in the Regions that were read.'] });
    expect(exempt.notes.join('\n')).toMatch(NOT_VISIBLE);

    const [id = ''] = addNonCompliant(sandbox, 1, 'eu-west-1');
    const enforce = await imdsv2(['enforce', '--regions', 'all', '--yes', '--include-unknown']);
    expect(enforce.exitCode).toBe(0);
    expect(enforce.notes.join('\n')).toMatch(NOT_VISIBLE);
    expect(sandbox.fleet('eu-west-1').get(id)?.options.HttpTokens).toBe('required');
  });

  it('does not keep explain from an instance in another Region', async () => {
    const { id } = sandbox.fleet('eu-west-1').add(old());
    expect((await imdsv2(['explain', id, '--regions', 'all'])).exitCode).toBe(0);
  });

  it('is left out by regions, which says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'imdsv2-regions-'));
    const file = join(folder, 'cdk.context.json');
    writeFileSync(file, '{}');
    const { exitCode, out, notes } = await imdsv2(['regions', '--write', '--file', file]);
    rmSync(folder, { recursive: true });
    expect([exitCode, out]).toEqual([0, ['us-east-1 (home)', 'eu-west-1']]);
    expect(notes[0]).toMatch(
      /^left out: ap-south-1 is not visible from here: missing permission ec2:DescribeInstances/,
    );
  });
});

it('is an error if no Region is visible', async () => {
  deny('ec2:DescribeInstances');
  for (const command of [['audit'], ['exempt', 'list'], ['enforce', '--yes']]) {
    expect((await imdsv2([...command, '--regions', 'all'])).exitCode).toBe(1);
  }
  // The caller rather lacks the permission than access to every Region.
  expect((await imdsv2(['regions'])).out).toEqual(['us-east-1 (home)', 'ap-south-1', 'eu-west-1']);
});

it('without ec2:DescribeRegions, --regions all says what is accepted instead', async () => {
  deny('ec2:DescribeRegions');
  const { exitCode, notes } = await imdsv2(['audit', '--regions', 'all']);
  expect(exitCode).toBe(1);
  expect(notes.join()).toMatch(/missing permission ec2:DescribeRegions.*accepted for --regions: names of Regions/);
  expect((await imdsv2(['audit', '--regions', 'us-east-1'])).exitCode).toBe(0);
});
