import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';

const REGION = 'us-east-1';

let sandbox: Sandbox;
let aws: ReturnType<typeof launchSources>;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [REGION, 'eu-west-1'], startAt: NOW });
  sandbox.fleet().addImage(IMAGE, {});
  enterAws(sandbox);
  aws = launchSources(sandbox);
});
afterEach(async () => {
  aws.ec2.destroy();
  aws.groups.destroy();
  await stopAll();
});
afterAll(leaveAws);

const prevent = async (...args: readonly string[]) => imdsv2(['prevent', ...args]);
const defaults = async () => (await aws.everything()).defaults;
const changes = () => mutations(sandbox).filter((line) => line.startsWith('ModifyInstanceMetadataDefaults'));

describe('prevent defaults', () => {
  it('sets the default, leaves the others as they are, and prints the undo', async () => {
    await aws.setDefaults({ HttpPutResponseHopLimit: 3, InstanceMetadataTags: 'enabled' });
    const { exitCode, out } = await prevent('defaults', '--yes', '--regions', 'all');
    expect(exitCode).toBe(0);
    expect(await defaults()).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 3,
      InstanceMetadataTags: 'enabled',
    });
    expect(out.filter((line) => line.includes('Undo'))).toEqual([
      '  Undo: aws ec2 modify-instance-metadata-defaults --region eu-west-1 --http-tokens no-preference',
      '  Undo: aws ec2 modify-instance-metadata-defaults --region us-east-1 --http-tokens no-preference',
    ]);
    const again = await prevent('defaults', '--yes', '--regions', 'all');
    expect([again.exitCode, changes().length]).toEqual([0, 3]);
  });

  it('lists container hosts that would then get tokens with a hop limit of 1', async () => {
    const Tags = [{ Key: 'AmazonECSManaged', Value: '', PropagateAtLaunch: true }];
    const host = await aws.template('hosts', [data()]);
    await aws.group('hosts', { ...reference(host), Tags });
    const far = data(undefined, { MetadataOptions: { HttpPutResponseHopLimit: 2 } });
    await aws.group('far', { ...reference(await aws.template('far', [far])), Tags });
    await aws.group('web', reference(await aws.template('web', [data()])));
    const { exitCode, out } = await prevent('defaults', '--dry-run');
    expect(exitCode).toBe(2);
    const listed = out.filter((line) => line.startsWith('  Launch template'));
    expect(listed).toEqual([`  Launch template hosts (${host}) version 1: Auto Scaling group hosts ($Default)`]);
    expect(changes()).toEqual([]);
  });

  it.each([
    ['defaults', /account-defaults/],
    ['enforcement', /http_tokens_enforced/],
  ])('%s prints the policy of the organization where that manages the defaults', async (command, text) => {
    sandbox.fleet().setDeclarativePolicy({ defaults: { HttpTokens: 'optional' }, exceptionMessage: 'ask kim' });
    const { exitCode, out } = await prevent(command, '--yes');
    expect(exitCode).toBe(2);
    expect(out.join('\n')).toMatch(text);
    expect(out.join(' ')).toMatch(/a declarative policy of the organization manages it: +ask kim/);
    expect(changes()).toEqual([]);
  });
});

describe('prevent enforcement', () => {
  it('is refused where launches would be, unless a person says so, and lists what will be refused', async () => {
    const id = await aws.template('shop', [data('optional')]);
    await aws.group('web', reference(id));
    expect((await prevent('enforcement', '--yes')).exitCode).toBe(2);
    expect(changes()).toEqual([]);
    const { exitCode, out } = await prevent('enforcement', '--yes', '--even-if-not-ready');
    expect(exitCode).toBe(0);
    expect(out.join('\n')).toContain(`  Launch template shop (${id}) version 1: HttpTokens=optional`);
    expect(out).toContain(
      '  Undo: aws ec2 modify-instance-metadata-defaults --region us-east-1 --http-tokens-enforced disabled',
    );
    await aws.scale('web', 1);
    expect(sandbox.fleet().instances()).toEqual([]);
    const after = await imdsv2(['readiness']);
    expect([after.exitCode, after.out[1]]).toEqual([
      2,
      expect.stringMatching(/ENFORCED, and 1 launch source refused$/),
    ]);
  });

  it('asks, and says what it does not cover', async () => {
    const { exitCode, questions, out } = await imdsv2(['prevent', 'enforcement'], { confirm: [false] });
    expect([exitCode, questions]).toEqual([1, ['Set HttpTokensEnforced=enabled in 1 Region?']]);
    expect(out.join(' ')).toMatch(/Does not cover: instances that have IMDSv1 enabled already/);
    expect(changes()).toEqual([]);
  });

  it('names a permission that is missing, and writes one JSON document', async () => {
    const Action = 'ec2:ModifyInstanceMetadataDefaults';
    sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action, Resource: '*' });
    const { exitCode, out } = await prevent('enforcement', '--yes', '--json');
    const { schema, result } = JSON.parse(out.join('')) as { schema: string; result: readonly { failure: string }[] };
    expect([exitCode, schema]).toEqual([1, 'imdsv2-enforcer.prevent-enforcement/v1']);
    expect(result[0]?.failure).toContain(`missing permission ${Action}`);
  });
});

it.each([60, 80, 120])('fits into %i columns', async (columns) => {
  await aws.group('web', reference(await aws.template('a-launch-template-with-a-long-name', [data('optional')])));
  for (const command of ['defaults', 'enforcement']) {
    const { out } = await imdsv2(['prevent', command, '--dry-run', '--regions', 'all'], { columns });
    const isCommand = (line: string) => /^ +imdsv2 /.test(line);
    expect(out.filter((line) => line.length > columns && !isCommand(line))).toEqual([]);
  }
});
