/**
 * Measures `imdsv2 readiness` of 500 launch templates and 300 groups, relative to a loop of the SDK that reads the same pages.
 *
 *     npm run bench:readiness
 *
 * The local AWS runs in this process, so that its time is in both. A missed target does not fail the run, because times depend
 * on the machine.
 */
import { AutoScalingClient, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';
import {
  EC2Client,
  paginateDescribeLaunchTemplates,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';
import Table from 'cli-table3';
import { terminal } from '../cli/common/io.ts';
import { main } from '../cli/main.ts';
import { startSandbox } from '../sandbox/index.ts';
import { manyLaunchSources } from '../test/support/launch-sources.ts';
import { median } from './support.ts';

const RUNS = 5;
/** Seconds of the command, as a multiple of those of the loop. */
const TARGET = 3;

const sandbox = await startSandbox();
try {
  await manyLaunchSources(sandbox);
  Object.assign(process.env, sandbox.environment());
  const [ours, bare]: [number[], number[]] = [[], []];
  let calls = 0;
  for (let run = -1; run < RUNS; run += 1) {
    sandbox.calls.clear();
    const times = [await seconds(readiness), await seconds(readPages)] as const;
    calls = sandbox.calls.all().length;
    // The first run compiles.
    if (run < 0) continue;
    ours.push(times[0]);
    bare.push(times[1]);
  }
  const ratio = median(ours) / median(bare);
  const table = new Table({ head: ['', 'seconds', 'ratio', 'target'], style: { head: [], border: [] } });
  const verdict = `${TARGET.toFixed(1)} ${ratio <= TARGET ? 'met' : 'MISSED'}`;
  table.push(
    ['loop of the SDK', median(bare).toFixed(2), '1.0', ''],
    ['imdsv2 readiness', median(ours).toFixed(2), ratio.toFixed(1), verdict],
  );
  console.log(`${calls} calls of both together\n${table.toString()}`);
} finally {
  await sandbox.stop();
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function readiness(): Promise<void> {
  const nothing = () => undefined;
  const io = { ...terminal(process, new AbortController().signal), out: nothing, verbatim: nothing, note: nothing };
  await main(['readiness', '--json'], io);
}

/** Reads templates, their default and latest versions, and groups, in the largest pages. */
async function readPages(): Promise<void> {
  const [ec2, groups] = [new EC2Client(sandbox.client()), new AutoScalingClient(sandbox.client())];
  const count = async (pages: AsyncIterable<unknown>) => {
    for await (const page of pages) void page;
  };
  await count(paginateDescribeLaunchTemplates({ client: ec2, pageSize: 200 }, {}));
  await count(
    paginateDescribeLaunchTemplateVersions({ client: ec2, pageSize: 200 }, { Versions: ['$Default', '$Latest'] }),
  );
  await count(paginateDescribeAutoScalingGroups({ client: groups, pageSize: 100 }, {}));
  ec2.destroy();
  groups.destroy();
}
