import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { cloudTrailChanges } from '../../lambda/adapters/cloudtrail-changes.ts';
import type { RecordedChange } from '../../lambda/core/repeated-drift.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 20, timing: { history: 30_000 } });
});
afterEach(() => sandbox.stop());

const reader = () =>
  cloudTrailChanges((region) => new CloudTrailClient({ ...sandbox.client(), region, maxAttempts: 1 }));
const modify = (InstanceId: string, options: object) =>
  new EC2Client({ ...sandbox.client(), maxAttempts: 1 }).send(
    new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...options }),
  );
const since = (milliseconds: number) => new Date(sandbox.clock.now() - milliseconds).toISOString();

/** Every page; CloudTrail accepts two lookups a second. */
async function all(from: string): Promise<RecordedChange[]> {
  const changes: RecordedChange[] = [];
  let token: string | undefined;
  do {
    await sandbox.clock.sleep(1_000);
    const { calls, next } = await reader().page('us-east-1', from, token);
    changes.push(...calls);
    token = next;
  } while (token !== undefined);
  return changes;
}

it('reads successful changes since a time, newest first, late, with the ids that EventBridge delivers', async () => {
  const from = since(60_000);
  const { id } = sandbox.fleet().add({ launchedAt: new Date('2026-01-01') });
  await modify(id, { HttpTokens: 'optional' });
  expect(await all(from)).toEqual([]);
  for (let count = 0; count < 50; count += 1) await modify(id, { HttpTokens: count % 2 ? 'optional' : 'required' });
  await modify(id, { HttpPutResponseHopLimit: 2 });
  await expect(modify('i-0fffffffffffffff0', { HttpTokens: 'optional' })).rejects.toThrow();
  await sandbox.clock.sleep(35_000);
  const changes = await all(from);
  expect(changes).toHaveLength(52);
  expect(changes.slice(0, 3).map(({ httpTokens }) => httpTokens)).toEqual([undefined, 'optional', 'required']);
  expect(changes[0]).toMatchObject({ instanceId: id, principal: expect.stringMatching(/^arn:aws:/) });
  expect(await all(since(1_000))).toEqual([]);
  const delivered = sandbox.events.map(({ detail }) => detail.eventID);
  expect(changes.filter((change) => !delivered.includes(change.id))).toEqual([]);
});

it('names a failure', async () => {
  sandbox.faults.throttles = ({ action }) => action === 'LookupEvents';
  await expect(all(since(1_000))).rejects.toMatchObject({ kind: 'throttled' });
});
