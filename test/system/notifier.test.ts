import { randomUUID } from 'node:crypto';
import { EC2Client, ModifyInstanceMetadataOptionsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { SOURCE } from '../../lambda/contract.ts';
import type { AlertJson } from '../../lambda/core/alert/message.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/index.ts';
import { LAUNCH_LIMITS } from '../../sandbox/chaos/options.ts';
import { buildProduct } from '../../sandbox/product.ts';
import { CALLERS } from '../../sandbox/tour/scenario.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';

/** The whole product on the local AWS: what happens to alerts between an outcome and the topic. */

const MINUTE = 60_000;
const clients: EC2Client[] = [];

afterEach(async () => {
  clients.splice(0).forEach((client) => client.destroy());
  await stopAll();
});

const start = async (timeScale: number, more: SandboxOptions = {}): Promise<Sandbox> =>
  sandboxOf({
    ...(await buildProduct({ mode: 'enforce' })),
    timeScale,
    callers: CALLERS,
    prewarm: 2,
    pauseWhenOverloaded: true,
    // Hours before the first scan of the next day, which sends a digest.
    startAt: new Date('2026-11-28T08:01:00Z'),
    ...more,
  });

/** The calls of users. */
function userOf(sandbox: Sandbox, accessKeyId: keyof typeof CALLERS = 'AKIAAUTOSCALING') {
  const ec2 = new EC2Client({ ...sandbox.client({ accessKeyId }), maxAttempts: 5 });
  clients.push(ec2);
  return {
    launch: async (HttpTokens: 'optional' | 'required' = 'optional'): Promise<string> => {
      const { Instances: [instance] = [] } = await ec2.send(
        new RunInstancesCommand({
          ImageId: 'ami-0aa11bb22cc33dd44',
          MinCount: 1,
          MaxCount: 1,
          ClientToken: randomUUID(),
          MetadataOptions: { HttpTokens },
          TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'aws:autoscaling:groupName', Value: 'web' }] }],
        }),
      );
      return instance?.InstanceId ?? '';
    },
    enableImdsV1: (InstanceId: string) =>
      ec2.send(
        new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpTokens: 'optional', HttpEndpoint: 'enabled' }),
      ),
  };
}

const mails = (sandbox: Sandbox) => sandbox.topic('Outcomes').messages;
const idsIn = (sandbox: Sandbox): string[] =>
  mails(sandbox).flatMap(({ json }) =>
    (JSON.parse(json.Message) as AlertJson).groups.flatMap(({ instanceIds }) => instanceIds),
  );
const outcomeEvents = ({ events }: Sandbox) =>
  events.filter(({ source, detail }) => source === SOURCE && detail['status'] === 'remediated');

async function until(sandbox: Sandbox, reached: () => boolean): Promise<void> {
  while (!reached()) await sandbox.clock.sleep(2_000);
}

test('a drift is an alert within a minute', async () => {
  const sandbox = await start(5);
  const user = userOf(sandbox);
  const id = await user.launch('required');
  await sandbox.clock.sleep(20_000);
  const at = sandbox.clock.now();
  await user.enableImdsV1(id);
  await until(sandbox, () => mails(sandbox).length > 0);
  const [mail] = mails(sandbox);
  expect(mail?.subject).toMatch(/^\[IMDSv2 HIGH\]/);
  expect((mail?.at ?? Infinity) - at).toBeLessThan(MINUTE);
}, 60_000);

test('forty flips of one instance in forty minutes are at most six mails, one of them CRITICAL, and name all principals', async () => {
  // The history of CloudTrail is five minutes late.
  const sandbox = await start(150, { timing: { history: 5 * MINUTE } });
  const users = [userOf(sandbox), userOf(sandbox, 'AKIAPIPELINE'), userOf(sandbox, 'AKIADEVELOPER')];
  const id = (await users[0]?.launch('required')) ?? '';
  await sandbox.clock.sleep(MINUTE);
  for (let flip = 0; flip < 40; flip += 1) {
    await users[flip % users.length]?.enableImdsV1(id);
    await sandbox.clock.sleep(MINUTE);
  }
  await sandbox.clock.sleep(20 * MINUTE);

  expect(outcomeEvents(sandbox)).toHaveLength(40);
  expect(mails(sandbox).length).toBeLessThanOrEqual(6);
  const critical = mails(sandbox).filter(({ subject }) => subject?.startsWith('[IMDSv2 CRITICAL]'));
  expect(critical.map(({ email }) => email.body)).toEqual([expect.stringContaining('imdsv2 policy require-imdsv2')]);
  // It names those that history had received; the summaries after it name all.
  expect(critical[0]?.email.body).toMatch(/Repeated drift: .*assumed-role\/deploy-pipeline \(/);
  for (const role of ['AWSServiceRoleForAutoScaling', 'deploy-pipeline', 'Developer']) {
    expect(mails(sandbox).at(-1)?.email.body).toMatch(new RegExp(`Repeated drift: .*assumed-role/${role} \\(`));
  }
}, 120_000);

test('a thousand launches of one group in an hour are a thousand events and at most six mails, and none is lost', async () => {
  const sandbox = await start(100, { limits: LAUNCH_LIMITS });
  const user = userOf(sandbox);
  const startedAt = sandbox.clock.now();
  const ids: string[] = [];
  while (ids.length < 1_000) {
    // Ten at a time, because every call takes real time.
    ids.push(...(await Promise.all(Array.from({ length: 10 }, () => user.launch()))));
    await sandbox.clock.sleep(startedAt + ids.length * 3_600 - sandbox.clock.now());
  }
  await until(sandbox, () => new Set(idsIn(sandbox)).size === 1_000);

  expect(mails(sandbox).length).toBeLessThanOrEqual(6);
  expect(outcomeEvents(sandbox)).toHaveLength(1_000);
  expect(idsIn(sandbox).toSorted()).toEqual(ids.toSorted());
}, 240_000);

describe('SNS hangs for half an hour and refuses for another half', () => {
  const HOUR = 60 * MINUTE;
  const INTERVAL = 5 * MINUTE;

  /** Launches an instance at each interval of an hour. @returns when each was changed, since its launch. */
  async function hour(sandbox: Sandbox) {
    const user = userOf(sandbox);
    const startedAt = sandbox.clock.now();
    const launchedAt = new Map<string, number>();
    for (let number = 0; number < 12; number += 1) {
      await sandbox.clock.sleep(startedAt + number * INTERVAL - sandbox.clock.now());
      const id = await user.launch();
      launchedAt.set(id, sandbox.clock.now());
    }
    await sandbox.clock.sleep(startedAt + HOUR - sandbox.clock.now());
    const changes = sandbox.calls
      .of('ModifyInstanceMetadataOptions', { outcome: 'ok' })
      .map(({ at, params }) => at - (launchedAt.get(String(params['InstanceId'])) ?? 0));
    return { ids: [...launchedAt.keys()], changes };
  }

  test('EC2 is called as often as without it, no change waits for it, and all alerts arrive after it', async () => {
    const undisturbed = await hour(await start(300));
    let ends = Infinity;
    const hangs = ({ service }: { readonly service: string }) =>
      service === 'sns' && disturbed.clock.now() < ends - HOUR / 2;
    const disturbed = await start(300, {
      faults: {
        slows: (call) => (hangs(call) ? 90_000 : 0),
        // Without effect.
        resets: (call) => (hangs(call) ? 'before' : undefined),
        refuses: () => (disturbed.clock.now() < ends ? 'AuthorizationError' : undefined),
      },
    });
    ends = disturbed.clock.now() + HOUR;
    const { ids, changes } = await hour(disturbed);

    expect(mails(disturbed)).toEqual([]);
    expect(changes).toHaveLength(undisturbed.changes.length);
    // A change that waits for a publish comes after the next launch; the clock multiplies what calls take on a busy
    // machine by 300, so that seconds say nothing.
    for (const after of changes) expect(after).toBeLessThan(INTERVAL);
    await until(disturbed, () => new Set(idsIn(disturbed)).size === ids.length);
    expect(disturbed.queue('DeadLetterQueue').size).toBe(0);
    expect(disturbed.queue('NotifierDeadLetterQueue').size).toBe(0);
  }, 240_000);
});
