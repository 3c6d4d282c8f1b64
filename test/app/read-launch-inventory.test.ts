import { FailureError } from '../../lambda/core/failure.ts';
import { readLaunchInventory } from '../../lambda/app/read-launch-inventory.ts';
import { readinessOf } from '../../lambda/core/prevention/readiness.ts';
import { readRegion } from '../../cli/readiness/read.ts';
import { Aws } from '../../cli/common/aws.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, leaveAws } from '../support/cli.ts';
import { NOW, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';
import { manyLaunchSources } from '../support/launch-sources.ts';
import { launchSourceReader } from '../support/launch-source-reader.ts';
import { virtualTime, world } from '../support/ports.ts';

afterEach(stopAll);
afterAll(leaveAws);

const ports = (fail: (call: string) => void = () => undefined) => ({
  launchSources: launchSourceReader(
    () => ({}),
    (...words) => fail(words.join(' ')),
  ),
  fleet: world().fleet,
  regions: { defaults: () => Promise.resolve({}) },
  time: virtualTime(),
  explain: ({ message }: FailureError) => message,
});

it('reads all lists although one is denied, and says which', async () => {
  const inventory = await readLaunchInventory(
    REGION,
    ports((call) => {
      if (call.startsWith('fleets')) throw new FailureError('denied', 'no permission');
    }),
  );
  expect(inventory.unseen).toEqual([{ what: 'EC2 Fleets', problem: 'no permission' }]);
  expect(readinessOf(inventory).state).toBe('unknown');
});

it('throws any other failure, once every call has ended', async () => {
  const begun: string[] = [];
  const reading = readLaunchInventory(
    REGION,
    ports((call) => {
      begun.push(call);
      if (call.startsWith('templates')) throw new FailureError('invalid', 'broken');
    }),
  );
  await expect(reading).rejects.toThrow('broken');
  expect(begun).toHaveLength(7);
});

it('retries a call that is throttled', async () => {
  let throttled = 3;
  const inventory = await readLaunchInventory(
    REGION,
    ports((call) => {
      if (call.startsWith('groups') && throttled-- > 0) throw new FailureError('throttled', 'slow down');
    }),
  );
  expect(inventory.unseen).toEqual([]);
});

it('reads 500 templates and 300 groups in as few calls as pages allow', async () => {
  const sandbox = await sandboxOf({ startAt: NOW });
  await manyLaunchSources(sandbox);
  enterAws(sandbox);
  sandbox.calls.clear();
  const { readiness } = await readRegion(sandbox.homeRegion, new Aws({}, recordingIo().io));
  expect(readiness.blockers).toHaveLength(150);
  const counts = Map.groupBy(sandbox.calls.all(), ({ action }) => action);
  expect(Object.fromEntries([...counts].map(([action, calls]) => [action, calls.length]))).toEqual({
    GetInstanceMetadataDefaults: 1,
    DescribeLaunchTemplates: 3,
    // Five pages of the default and the latest versions, and one call for each of 30 templates with another one.
    DescribeLaunchTemplateVersions: 35,
    DescribeAutoScalingGroups: 3,
    DescribeLaunchConfigurations: 1,
    DescribeFleets: 1,
    DescribeSpotFleetRequests: 1,
    DescribeSpotInstanceRequests: 1,
    DescribeInstances: 1,
    DescribeImages: 1,
  });
}, 60_000);
