import { readRegions } from '../../cli/audit/read.ts';
import { cliTime } from '../../cli/common/aws.ts';
import type { FleetReader } from '../../lambda/app/ports/index.ts';
import { FailureError, type FailureKind } from '../../lambda/core/failure.ts';
import { instanceId, snapshot } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

const REGIONS = ['eu-central-1', 'eu-west-1', 'eu-west-2', 'us-east-1', 'us-east-2', 'us-west-2'];

const failure = (kind: FailureKind) => new FailureError(kind, `${kind}: no`);

/** Reads regions whose pages come from a function. */
async function read(page: FleetReader['page'], regions = ['eu-west-1'], recorded = recordingIo()) {
  const taken: [region: string, instances: number][] = [];
  const take = (region: string, snapshots: readonly unknown[]) => void taken.push([region, snapshots.length]);
  const aws = { fleet: { page }, time: () => cliTime(recorded.io) };
  const unread = await readRegions(aws, regions, [], take, recorded.io);
  return { taken, ...unread, ...recorded };
}

const last = { snapshots: [snapshot()] };

test('passes on each page as it is read', async () => {
  let asked = 0;
  const page: FleetReader['page'] = (_, __, token) => {
    asked += 1;
    expect(token).toBe(asked === 1 ? undefined : `page ${asked}`);
    const snapshots = [snapshot({ instanceId: instanceId(asked) }), snapshot()];
    return Promise.resolve({ snapshots, next: asked < 3 ? `page ${asked + 1}` : undefined });
  };
  const { taken } = await read(page);
  expect(taken).toEqual(Array.from({ length: 3 }, () => ['eu-west-1', 2]));
});

test('reads at most four regions in parallel', async () => {
  let running = 0;
  let most = 0;
  const { taken } = await read(async () => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return last;
  }, REGIONS);
  expect(most).toBe(4);
  expect(taken.map(([region]) => region).toSorted()).toEqual(REGIONS);
});

test('keeps the pages read before an error in a region, and reads the other regions', async () => {
  const { taken, problems, failed } = await read((region, _, token) => {
    if (region === 'eu-west-1' && token !== undefined) return Promise.reject(failure('denied'));
    return Promise.resolve(region === 'eu-west-1' ? { ...last, next: 'more' } : last);
  }, REGIONS);
  expect(taken).toHaveLength(6);
  expect([...problems.keys()]).toEqual(['eu-west-1']);
  expect(failed).toBe(true);
});

describe('a region that the caller may not read', () => {
  const denied = (...regions: readonly string[]): FleetReader['page'] => {
    const cause = Object.assign(new Error('no'), { name: 'UnauthorizedOperation' });
    const error = new FailureError('denied', 'no', { cause });
    return (region) => (regions.includes(region) ? Promise.reject(error) : Promise.resolve(last));
  };

  test('is not visible from here, and no error beside others', async () => {
    const { problems, failed } = await read(denied('eu-west-2', 'us-east-1'), REGIONS);
    expect([...problems]).toEqual([
      ['eu-west-2', 'not visible from here: missing permission: no'],
      ['us-east-1', 'not visible from here: missing permission: no'],
    ]);
    expect(failed).toBe(false);
  });

  test('is an error if all are, or beside another error', async () => {
    expect(await read(denied(...REGIONS), REGIONS)).toMatchObject({ failed: true });
    const page: FleetReader['page'] = (region, ...rest) =>
      region === 'us-east-2' ? Promise.reject(failure('invalid')) : denied('eu-west-2')(region, ...rest);
    expect(await read(page, REGIONS)).toMatchObject({ failed: true });
  });
});

test('rethrows errors that are not errors of AWS', async () => {
  await expect(read(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
});

test('passes on no page after an interrupt', async () => {
  const interrupt = new AbortController();
  const page = () => {
    interrupt.abort();
    return Promise.resolve({ ...last, next: 'more' });
  };
  const recorded = recordingIo({ interrupted: interrupt.signal });
  await expect(read(page, ['eu-west-1'], recorded)).rejects.toThrow(/abort/i);
});
