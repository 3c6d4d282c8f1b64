import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainError } from '../../cli/shared/errors.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { NOW } from '../support/builders.ts';
import { enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { CREDENTIALS, ec2Error, type Loopback, snsError, startLoopback } from '../support/loopback.ts';

// Issue #4: one clear line (what, which value, what is accepted or which permission is missing), exit 1, nothing changed.

const HOME = 'us-east-1';
/** Instances that there are, where tests name what they type before there are any. */
const [OPEN, CLOSED, EXEMPT] = ['OPEN', 'CLOSED', 'EXEMPT'];
const ids = new Map<string, string>();
const UNKNOWN = 'i-0123456789abcdef0';
const GRANT = ['--for', '3d', '--reason', 'agent X'];

const folder = mkdtempSync(join(tmpdir(), 'bad-input-test-'));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await sandboxOf({ regions: [HOME], startAt: NOW });
  const exemption = { [TAG.exemptUntil]: '2026-12-01', [TAG.exemptReason]: 'agent' };
  ids.set(OPEN, sandbox.fleet().add(old()).id);
  ids.set(CLOSED, sandbox.fleet().add(old({ options: { HttpTokens: 'required' } })).id);
  ids.set(EXEMPT, sandbox.fleet().add(old({ tags: exemption })).id);
});
beforeEach(() => enterAws(sandbox));
afterEach(leaveAws);
afterAll(async () => {
  await stopAll();
  rmSync(folder, { recursive: true });
});

const run = (args: readonly string[]) => imdsv2(args.map((arg) => ids.get(arg) ?? arg));

/** Runs a command that is to fail with one line. */
async function lineOf(args: readonly string[]): Promise<string> {
  const changes = mutations(sandbox).filter((call) => call.endsWith(' ok')).length;
  const { exitCode, out, notes } = await run(args);
  expect(exitCode).toBe(1);
  expect(out).toEqual([]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).not.toContain('\n');
  expect(mutations(sandbox).filter((call) => call.endsWith(' ok'))).toHaveLength(changes);
  return notes[0] ?? '';
}

describe('what was typed', () => {
  const bad = file('bad.txt', `# web\n${UNKNOWN}\n\nweb-1, please\n`);
  it.each<[string, readonly string[], string]>([
    ['command', ['audti'], "unknown command 'audti'; accepted: audit, explain, enforce, rollback, exempt, replay, doc"],
    ['subcommand', ['exempt', 'lits'], "unknown command 'lits'; accepted: grant, list, revoke"],
    [
      'flag',
      ['exempt', 'revoke', '--for', '3d'],
      "unknown option '--for'; accepted: --profile, --region, --json, --help",
    ],
    ['argument', ['audit', 'all'], '"all" is one argument too many; accepted: imdsv2 audit [options]'],
    ['no argument', ['rollback'], "missing required argument 'id'; see imdsv2 rollback --help"],
    ['no value', ['enforce', '--rate'], "option '--rate <n>' argument missing; see imdsv2 enforce --help"],
    ['number', ['enforce', '--rate', '0'], '--rate: "0" is not accepted; accepted: a whole number from 1 to 50'],
    ['region', ['audit', '--region', 'moon'], '--region: "moon" is not a region; accepted: names such as eu-west-1'],
    ['regions', ['audit', '--regions', `${HOME},moon`], '--regions: "moon" is not a region; accepted: names such as'],
    ['region that there is not', ['explain', OPEN, '--region', 'eu-west-9'], 'AWS does not accept the credentials'],
    ['id', ['explain', 'i-xyz'], '"i-xyz" is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718'],
    [
      'id, of many',
      ['enforce', '--instance-ids', `${UNKNOWN},web`, '--yes'],
      '--instance-ids: "web" is not an instance id',
    ],
    ['id that EC2 does not show', ['exempt', 'revoke', OPEN, UNKNOWN], `EC2 shows no ${UNKNOWN} in ${HOME}; nothing`],
    [
      'date',
      ['exempt', 'grant', OPEN, '--for', '2026-02-30', '--reason', 'x'],
      '"2026-02-30" is no period and no date',
    ],
    ['date that is over', ['rollback', CLOSED, '--for', '2020-01-01', '--reason', 'x', '--yes'], '2020-01-01 is over'],
    [
      'no days',
      ['exempt', 'grant', OPEN, '--for', '0d', '--reason', 'x'],
      '"0d" is no period and no date; accepted: 1d',
    ],
    ['empty file', ['enforce', '--yes', '--file', file('empty.txt', '')], 'empty.txt names no instance'],
    ['comments only', ['enforce', '--yes', '--file', file('notes.txt', '# none\n')], 'notes.txt names no instance'],
    ['malformed line', ['enforce', '--yes', '--file', bad], 'bad.txt, line 4: "web-1, please" is not an instance id'],
    [
      'no file',
      ['enforce', '--yes', '--file', join(folder, 'gone.txt')],
      'gone.txt cannot be read: there is no such f',
    ],
    [
      'nobody to answer',
      ['rollback', CLOSED, ...GRANT],
      'nobody is there to answer, and nothing was changed: give --yes',
    ],
  ])('%s', async (_, args, line) => {
    expect(await lineOf(args)).toContain(line);
  });
});

/** Every command that speaks to EC2, and what it would do there if it were let. */
const COMMANDS: readonly string[][] = [
  ['audit'],
  ['audit', '--regions', 'all'],
  ['explain', OPEN],
  ['explain', OPEN, '--regions', 'all'],
  ['enforce', '--yes'],
  ['enforce', '--yes', '--regions', 'all'],
  ['rollback', CLOSED, ...GRANT, '--yes'],
  ['exempt', 'grant', OPEN, ...GRANT],
  ['exempt', 'revoke', EXEMPT],
  ['exempt', 'list'],
  ['exempt', 'list', '--regions', 'all'],
];
const DEPLOYMENT = [['doctor'], ['test-alert', '--yes']] as const;

describe('credentials', () => {
  const nobody = file('nobody', '');
  it.each([...COMMANDS, ...DEPLOYMENT].map((args) => [args.join(' '), args] as const))('none: %s', async (_, args) => {
    for (const name of Object.keys(CREDENTIALS)) Reflect.deleteProperty(process.env, name);
    const files = { AWS_CONFIG_FILE: nobody, AWS_SHARED_CREDENTIALS_FILE: nobody, AWS_EC2_METADATA_DISABLED: 'true' };
    Object.assign(process.env, files);

    expect(await lineOf(args)).toContain('no AWS credentials (');
  });

  describe('that AWS refuses', () => {
    let aws: Loopback;
    beforeAll(async () => (aws = await startLoopback()));
    afterAll(() => aws.close());

    it.each(COMMANDS.map((args) => [args.join(' '), args] as const))('expired: %s', async (_, args) => {
      process.env.AWS_ENDPOINT_URL = aws.url;
      aws.prepare('DescribeInstances', ec2Error('RequestExpired', 'Request has expired.'));
      aws.prepare('DescribeRegions', ec2Error('RequestExpired', 'Request has expired.'));
      aws.prepare('GetCallerIdentity', snsError('ExpiredToken', 'The security token has expired', 403));

      expect(await lineOf(args)).toMatch(/the AWS credentials have expired \(.* expired\.?\): log in again$/);
      aws.reset();
    });
  });
});

describe('a permission that is missing', () => {
  afterEach(() => sandbox.callers.add('AKIATEST', { arn: 'arn:aws:iam::111122223333:user/kim' }));

  const deny = (Action: string) =>
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action, Resource: '*' },
      ],
    });

  it.each([
    ...COMMANDS.filter((args) => !args.includes('all')).map((args) => ['ec2:DescribeInstances', args] as const),
    ...COMMANDS.filter((args) => args.includes('all')).map((args) => ['ec2:DescribeRegions', args] as const),
    ['ec2:ModifyInstanceMetadataOptions', ['rollback', CLOSED, ...GRANT, '--yes']],
    ['ec2:GetInstanceMetadataDefaults', ['rollback', CLOSED, ...GRANT, '--yes']],
    ['ec2:CreateTags', ['rollback', CLOSED, ...GRANT, '--yes']],
    ['ec2:CreateTags', ['exempt', 'grant', OPEN, ...GRANT]],
    ['ec2:DeleteTags', ['exempt', 'revoke', EXEMPT]],
  ] as const)('%s: %j', async (action, args) => {
    deny(action);

    const line = await lineOf(args);

    expect(line).toContain(`missing permission ${action}: User: arn:aws:iam::111122223333:user/kim is not authorized`);
    expect(line).not.toMatch(/encoded/i);
  });

  it('regions that say the same share a line', async () => {
    deny('ec2:DescribeInstances');

    expect(await lineOf(['audit', '--regions', `${HOME},${HOME}`])).toMatch(/^imdsv2: us-east-1: missing permission/);
  });

  it('of the change itself is said once for all instances', async () => {
    sandbox.fleet().add(old());
    deny('ec2:ModifyInstanceMetadataOptions');

    const { exitCode, out } = await imdsv2(['enforce', '--yes']);

    expect(exitCode).toBe(1);
    expect(out.filter((line) => line.includes('failed'))).toEqual([
      expect.stringMatching(
        /^2 instances failed: .* is not authorized to perform: ec2:ModifyInst.* identity-based policy\.$/,
      ),
    ]);
  });
});

describe('an endpoint that refuses connections', () => {
  it.each([...COMMANDS, ...DEPLOYMENT].map((args) => [args.join(' '), args] as const))(
    '%s: it is given up within seconds',
    async (_, args) => {
      process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';

      const { exitCode, out, notes, pauses } = await run(args);

      expect([exitCode, out]).toEqual([1, []]);
      expect(notes.at(-1)).toMatch(
        /connect ECONNREFUSED 127\.0\.0\.1:9; is there a network, and is AWS_ENDPOINT_URL right/,
      );
      expect(notes.slice(0, -1)).toHaveLength(DEPLOYMENT.some((those) => those.join() === args.join()) ? 0 : 1);
      expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(15_000);
    },
  );

  it('in the middle of enforce: what is left is not begun, and the same again goes on', async () => {
    const those = Array.from({ length: 60 }, () => sandbox.fleet().add(old()).id).join();
    let changes = 0;
    sandbox.faults.resets = ({ action }) => {
      if (action === 'ModifyInstanceMetadataOptions') changes += 1;
      return changes > 10 ? 'before' : undefined;
    };

    const { exitCode, out, notes } = await run(['enforce', '--yes', '--instance-ids', those]);

    sandbox.faults.resets = () => undefined;
    expect(exitCode).toBe(1);
    expect(out.join('\n')).toMatch(/^Closed 10 instances/m);
    expect(notes).toContain('The numbers after the change were not read');
    expect(notes).toContainEqual(expect.stringMatching(/^us-east-1 does not answer, and is asked again/));
    expect((await imdsv2(['enforce', '--yes', '--instance-ids', those])).exitCode).toBe(0);
  });
});

it.each([
  [
    'several addresses',
    Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
    /^AggregateError: ECONNREFUSED; is/,
  ],
  [
    'a call that hangs',
    Object.assign(new Error('@smithy/node-http-handler - [ERROR] a request took too long'), { name: 'TimeoutError' }),
    /^TimeoutError: a request took too long$/,
  ],
])('an error of the connection without words of its own: %s', (_, error, line) => {
  expect(explainError(error)).toMatch(line);
});
