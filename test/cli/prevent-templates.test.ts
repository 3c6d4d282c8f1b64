import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import { data, launchSources, reference } from '../support/launch-sources.ts';

const REGION = 'us-east-1';

let sandbox: Sandbox;
let aws: ReturnType<typeof launchSources>;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [REGION, 'eu-west-1'], startAt: NOW });
  enterAws(sandbox);
  aws = launchSources(sandbox);
});
afterEach(async () => {
  aws.ec2.destroy();
  aws.groups.destroy();
  await stopAll();
});
afterAll(leaveAws);

const readiness = async (...args: readonly string[]) => imdsv2(['readiness', ...args]);
const templates = async (...args: readonly string[]) => imdsv2(['prevent', 'templates', ...args]);

it('makes a Region ready whose instances are compliant, but whose template in use is not', async () => {
  const id = await aws.template('shop', [data('required'), data('optional')]);
  await aws.group('web', reference(id, '2'));
  const before = await readiness();
  console.log(before.out.join('\n'), before.notes);
  const done = await templates('--yes');
  console.log(done.out.join('\n'), done.notes, mutations(sandbox));
  await aws.scale('web', 1);
  const after = await readiness();
  console.log(after.out.join('\n'), after.notes, after.exitCode);
  console.log((await templates('--undo', '--yes')).out.join('\n'));
});
