import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainError } from '../../cli/common/errors.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { NOW } from '../support/builders.ts';
import { enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { CREDENTIALS, ec2Error, type Loopback, snsError, startLoopback } from '../support/loopback.ts';

// An error is one line with the problem, the value, and what is accepted or which permission is missing. Nothing is changed.

const HOME = 'us-east-1';
/** Placeholders for instance ids, which do not exist yet when the tests are defined. */
const [NON_COMPLIANT, COMPLIANT, EXEMPT] = ['NON_COMPLIANT', 'COMPLIANT', 'EXEMPT'];
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
  ids.set(NON_COMPLIANT, sandbox.fleet().add(old()).id);
  ids.set(COMPLIANT, sandbox.fleet().add(old({ options: { HttpTokens: 'required' } })).id);
  ids.set(EXEMPT, sandbox.fleet().add(old({ tags: exemption })).id);
});
beforeEach(() => enterAws(sandbox));
afterEach(leaveAws);
afterAll(async () => {
  await stopAll();
  rmSync(folder, { recursive: true });
});

const run = (args: readonly string[]) => imdsv2(args.map((arg) => ids.get(arg) ?? arg));

/** Runs a command that must fail with one line. */
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

describe('invalid input', () => {
  const bad = file('bad.txt', `# web\n${UNKNOWN}\n\nweb-1, please\n`);
  it.each<[string, readonly string[], string]>([
    [
      'command',
      ['audti'],
      "unknown command 'audti' (Did you mean audit?); accepted: audit, explain, callers, enforce, rollback, exempt, readiness, prevent",
    ],
    ['subcommand', ['exempt', 'lits'], "unknown command 'lits' (Did you mean list?); accepted: grant, list, revoke"],
    [
      'flag',
      ['exempt', 'revoke', '--for', '3d'],
      "unknown option '--for'; accepted: --profile, --region, --regions, --stack, --json, --help",
    ],
    [
      'misspelled flag',
      ['audit', '--regoins', 'all'],
      "unknown option '--regoins' (Did you mean --regions?); accepted: ",
    ],
    ['argument', ['audit', 'all'], 'unexpected argument "all"; accepted: imdsv2 audit [options]'],
    ['no argument', ['rollback'], "missing required argument 'ids'; see imdsv2 rollback --help"],
    ['no value', ['enforce', '--rate'], "option '--rate <n>' argument missing; see imdsv2 enforce --help"],
    ['number', ['enforce', '--rate', '0'], '--rate: "0" is not accepted; accepted: a whole number from 1 to 50'],
    ['region', ['audit', '--region', 'moon'], '--region: "moon" is not a Region; accepted: names such as eu-west-1'],
    ['regions', ['audit', '--regions', `${HOME},moon`], '--regions: "moon" is not a Region; accepted: names such as'],
    ['unknown region', ['explain', NON_COMPLIANT, '--region', 'eu-west-9'], 'AWS does not accept the credentials'],
    ['id', ['explain', 'i-xyz'], '"i-xyz" is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718'],
    [
      'one of several ids',
      ['enforce', '--instance-ids', `${UNKNOWN},web`, '--yes'],
      '--instance-ids: "web" is not an instance id',
    ],
    [
      'id that is not found',
      ['exempt', 'revoke', NON_COMPLIANT, UNKNOWN],
      `instance ${UNKNOWN} not found in ${HOME}; nothing`,
    ],
    [
      'date',
      ['exempt', 'grant', NON_COMPLIANT, '--for', '2026-02-30', '--reason', 'x'],
      '"2026-02-30" is not a duration or a date',
    ],
    [
      'date in the past',
      ['rollback', COMPLIANT, '--for', '2020-01-01', '--reason', 'x', '--yes'],
      '2020-01-01 is in the past',
    ],
    [
      'no days',
      ['exempt', 'grant', NON_COMPLIANT, '--for', '0d', '--reason', 'x'],
      '"0d" is not a duration or a date; accepted: 1d',
    ],
    ['empty file', ['enforce', '--yes', '--file', file('empty.txt', '')], 'empty.txt has no instance id'],
    ['comments only', ['enforce', '--yes', '--file', file('notes.txt', '# none\n')], 'notes.txt has no instance id'],
    ['malformed line', ['enforce', '--yes', '--file', bad], 'bad.txt, line 4: "web-1, please" is not an instance id'],
    ['no file', ['enforce', '--yes', '--file', join(folder, 'missing.txt')], 'missing.txt does not exist'],
    [
      'no terminal',
      ['rollback', COMPLIANT, ...GRANT],
      'Not a terminal, cannot prompt. Nothing was changed. Re-run with --yes.',
    ],
  ])('%s', async (_, args, line) => {
    expect(await lineOf(args)).toContain(line);
  });
});

/** Commands that call EC2. */
const COMMANDS: readonly string[][] = [
  ['audit'],
  ['audit', '--regions', 'all'],
  ['explain', NON_COMPLIANT],
  ['explain', NON_COMPLIANT, '--regions', 'all'],
  ['enforce', '--yes'],
  ['enforce', '--yes', '--regions', 'all'],
  ['rollback', COMPLIANT, ...GRANT, '--yes'],
  ['exempt', 'grant', NON_COMPLIANT, ...GRANT],
  ['exempt', 'revoke', EXEMPT],
  ['exempt', 'list'],
  ['exempt', 'list', '--regions', 'all'],
];
const DEPLOYMENT = [['doctor'], ['test-alert', '--yes']] as const;

describe('credentials', () => {
  const emptyFile = file('credentials', '');
  it.each([...COMMANDS, ...DEPLOYMENT].map((args) => [args.join(' '), args] as const))(
    'missing: %s',
    async (_, args) => {
      for (const name of Object.keys(CREDENTIALS)) Reflect.deleteProperty(process.env, name);
      const files = {
        AWS_CONFIG_FILE: emptyFile,
        AWS_SHARED_CREDENTIALS_FILE: emptyFile,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      Object.assign(process.env, files);

      expect(await lineOf(args)).toContain('no AWS credentials (');
    },
  );

  describe('refused by AWS', () => {
    let aws: Loopback;
    beforeAll(async () => (aws = await startLoopback()));
    afterAll(() => aws.close());

    it('without the action in the message of EC2', async () => {
      process.env.AWS_ENDPOINT_URL = aws.url;
      const encoded = 'You are not authorized to perform this operation. Encoded authorization failure message: x';
      aws.prepare('DescribeInstances', ec2Error('UnauthorizedOperation', encoded, 403));

      expect(await lineOf(['explain', NON_COMPLIANT])).toBe(
        'imdsv2: missing permission ec2:DescribeInstances: The caller is not authorized to perform: ec2:DescribeInstances. You are not authorized to perform this operation; allow it, or select another profile with --profile or AWS_PROFILE',
      );
      aws.reset();
    });

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

describe('a missing permission', () => {
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
    ['ec2:ModifyInstanceMetadataOptions', ['rollback', COMPLIANT, ...GRANT, '--yes']],
    ['ec2:CreateTags', ['rollback', COMPLIANT, ...GRANT, '--yes']],
    ['ec2:CreateTags', ['exempt', 'grant', NON_COMPLIANT, ...GRANT]],
    ['ec2:DeleteTags', ['exempt', 'revoke', EXEMPT]],
  ] as const)('%s: %j', async (action, args) => {
    deny(action);

    const line = await lineOf(args);

    expect(line).toContain(`missing permission ${action}: User: arn:aws:iam::111122223333:user/kim is not authorized`);
    expect(line).not.toMatch(/encoded/i);
  });

  it('prints one line for regions with the same error', async () => {
    deny('ec2:DescribeInstances');

    expect(await lineOf(['audit', '--regions', `${HOME},${HOME}`])).toMatch(/^imdsv2: us-east-1: missing permission/);
  });

  it('prints one line for instances with the same error', async () => {
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
    '%s: gives up within seconds',
    async (_, args) => {
      process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';

      const { exitCode, out, notes, pauses } = await run(args);

      expect([exitCode, out]).toEqual([1, []]);
      expect(notes.at(-1)).toMatch(/connect ECONNREFUSED 127\.0\.0\.1:9; check the network, and AWS_ENDPOINT_URL/);
      expect(notes.slice(0, -1)).toHaveLength(DEPLOYMENT.some((command) => command.join() === args.join()) ? 0 : 1);
      expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(15_000);
    },
  );

  it('stops enforce, and the same command continues later', async () => {
    const instanceIds = Array.from({ length: 60 }, () => sandbox.fleet().add(old()).id).join();
    let changes = 0;
    sandbox.faults.resets = ({ action }) => {
      if (action === 'ModifyInstanceMetadataOptions') changes += 1;
      return changes > 10 ? 'before' : undefined;
    };

    const { exitCode, out, notes } = await run(['enforce', '--yes', '--instance-ids', instanceIds]);

    sandbox.faults.resets = () => undefined;
    expect(exitCode).toBe(1);
    expect(out.join('\n')).toMatch(/^Remediated 10 instances/m);
    expect(notes).toContain('The compliance after the change was not read');
    expect(notes).toContainEqual(expect.stringMatching(/^us-east-1 does not respond; retrying/));
    expect((await imdsv2(['enforce', '--yes', '--instance-ids', instanceIds])).exitCode).toBe(0);
  });
});

it.each([
  [
    'several addresses',
    Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
    /^AggregateError: ECONNREFUSED; check/,
  ],
  [
    'a request timeout',
    Object.assign(new Error('@smithy/node-http-handler - [ERROR] a request took too long'), { name: 'TimeoutError' }),
    /^TimeoutError: a request took too long$/,
  ],
])('explains a connection error: %s', (_, error, line) => {
  expect(explainError(error)).toMatch(line);
});
