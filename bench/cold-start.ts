/**
 * How long a cold start takes to the first change, next to a handler on the plain SDK that changes without a look at the instance.
 *
 *     npm run bench:cold-start [-- <runs>]
 *
 * From the start of a Node.js process with one bundle until ModifyInstanceMetadataOptions reaches a local AWS over TLS; the
 * certificate comes from `openssl`. It also prints the CPU time of the first and of a later event, for the memory to choose.
 * It reports; it does not fail when the target is missed, because times depend on the machine.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { bundle, type Bundle, handlerEntry } from '../build/bundle.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';
import { INSTANCE, startTlsAws } from './cold-start/aws.ts';
import { ENVIRONMENT, median } from './support.ts';

const RUNS = Number(process.argv[2] ?? 21);
const TARGET = 0.6;
const WARM_EVENTS = 20;

/** A launch event in a batch of the work queue. */
const LAUNCH = `{
  id: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ec2',
  account: '111122223333', region: 'eu-central-1', time: new Date().toISOString(),
  detail: {
    eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances', eventTime: new Date().toISOString(),
    userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/deployer/kim' },
    responseElements: { instancesSet: { items: [
      { instanceId: '${INSTANCE}', metadataOptions: { httpTokens: 'optional', httpEndpoint: 'enabled' } },
    ] } },
  },
}`;

/** Invokes a bundle's handler, and ends with a line that says what CPU time the first event and each later one took. */
const INVOKE = `
  const { handler } = await import(process.argv[1]);
  const context = {
    functionName: 'enforce', functionVersion: '$LATEST', memoryLimitInMB: '256', awsRequestId: crypto.randomUUID(),
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:enforce',
    getRemainingTimeInMillis: () => 120_000,
  };
  const used = (since) => { const { user, system } = process.cpuUsage(since); return (user + system) / 1000; };
  const invoke = () => handler(
    { Records: [{ messageId: 'm', eventSource: 'aws:sqs', body: JSON.stringify(${LAUNCH}) }] }, context);
  await invoke();
  const cpu = [used()];
  for (let event = 0; event < ${WARM_EVENTS}; event += 1) {
    const before = process.cpuUsage();
    await invoke();
    cpu.push(used(before));
  }
  process.stdout.write('\\n' + JSON.stringify(cpu), () => process.exit());
`;

/** Milliseconds. */
interface Run {
  readonly firstChange: number;
  readonly coldCpu: number;
  readonly warmCpu: number;
}

const folder = temporaryFolder('bench-cold-start');
const aws = await startTlsAws(folder);
try {
  const entry = join(import.meta.dirname, 'cold-start-plain.ts');
  const plain = await bundle({ entry, outfile: join(folder, 'plain', 'index.mjs'), plugins: [] });
  const ours = await bundle({ entry: handlerEntry('enforce'), outfile: join(folder, 'ours', 'index.mjs') });
  const runs: [Run[], Run[]] = [[], []];
  for (let run = -1; run < RUNS; run += 1) {
    const pair = [await measure(plain), await measure(ours)] as const;
    if (run < 0) continue; // the first pair only warms the disk cache
    runs[0].push(pair[0]);
    runs[1].push(pair[1]);
  }
  report(...runs);
} finally {
  await aws.close();
  await rm(folder, { recursive: true });
}

async function measure({ outfile }: Bundle): Promise<Run> {
  const env = {
    ...ENVIRONMENT,
    IMDSV2_WORK_QUEUE_URL: `${aws.url}/111122223333/work`,
    AWS_ENDPOINT_URL: aws.url,
    NODE_EXTRA_CA_CERTS: aws.certificate,
  };
  const change = aws.nextChange();
  const start = performance.now();
  const args = ['--input-type=module', '--eval', INVOKE, pathToFileURL(outfile).href];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const [coldCpu = NaN, ...warmCpu] = JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))) as number[];
  return { firstChange: (await change) - start, coldCpu, warmCpu: median(warmCpu) };
}

function report(plain: readonly Run[], ours: readonly Run[]): void {
  const head = [`ms (median of ${RUNS})`, 'plain SDK', 'ours', 'ratio', 'target'];
  const table = new Table({ head, style: { head: [], border: [] } });
  const row = (what: string, of: (run: Run) => number, target?: number) => {
    const [a, b] = [median(plain.map(of)), median(ours.map(of))];
    const verdict = target === undefined ? '' : `${target.toFixed(2)} ${b / a <= target ? 'met' : 'MISSED'}`;
    table.push([what, a.toFixed(1), b.toFixed(1), (b / a).toFixed(2), verdict]);
  };
  row('cold start to the first change', ({ firstChange }) => firstChange, TARGET);
  row('CPU from start to the end of the first event', ({ coldCpu }) => coldCpu);
  row('CPU of a later event', ({ warmCpu }) => warmCpu);
  console.log(`Node.js ${process.version}\n${table.toString()}`);
}
