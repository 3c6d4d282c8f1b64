/**
 * How well `imdsv2 enforce` keeps to its rate: 600 instances on the local AWS with AWS's own request limits.
 *
 *     npm run bench:enforce [-- <time scale>]
 *
 * The command runs in this process on the clock of the local AWS, so that both are faster than yours by the same factor, and the
 * real time that the work takes counts as that much more. It reports; it does not fail when a target is missed, because times
 * depend on the machine.
 */
import Table from 'cli-table3';
import { type Io, terminal } from '../cli/shared/io.ts';
import { main } from '../cli/main.ts';
import { startSandbox } from '../sandbox/index.ts';

const INSTANCES = 600;
/** What is chosen if nothing is: changes per second. */
const RATE = 3;
const TARGET = 0.95;
/** Simulated milliseconds that each call takes before EC2 carries it out, as a call over a network does. */
const LATENCY = 150;

const timeScale = Number(process.argv[2] ?? 10);
const sandbox = await startSandbox({ timeScale, faults: { slows: () => LATENCY } });
try {
  for (let index = 0; index < INSTANCES; index += 1) {
    sandbox.fleet().add({ launchedAt: new Date('2026-01-01T00:00:00Z'), options: { HttpTokens: 'optional' } });
  }
  Object.assign(process.env, sandbox.environment());
  const out: string[] = [];
  const exitCode = await main(['enforce', '--yes', '--json'], scaledIo(out));
  report(exitCode, JSON.parse(out.join('')) as Document);
} finally {
  await sandbox.stop();
}

/** What is read of the result. */
interface Document {
  readonly result: {
    readonly remediated: readonly object[];
    readonly seconds: number;
    readonly throttledCalls: number;
  };
}

/** The terminal of this process on the clock of the local AWS; the result goes elsewhere. */
function scaledIo(out: string[]): Io {
  const { clock } = sandbox;
  return {
    ...terminal(process, new AbortController().signal),
    out: (line) => void out.push(line),
    note: () => undefined,
    now: () => new Date(clock.now()),
    sleep: (milliseconds) => clock.sleep(milliseconds),
  };
}

function report(exitCode: number, { result }: Document): void {
  const changes = sandbox.calls.of('ModifyInstanceMetadataOptions');
  const times = changes.map(({ at }) => at);
  const rate = result.remediated.length / result.seconds;
  const share = rate / RATE;
  const refused = sandbox.calls.all().filter(({ outcome }) => outcome === 'RequestLimitExceeded').length;
  const table = new Table({ head: ['enforce', 'measured', 'target'], style: { head: [], border: [] } });
  const verdict = (met: boolean): string => (met ? 'met' : 'MISSED');
  table.push(
    ['instances closed', result.remediated.length, `${INSTANCES} ${verdict(result.remediated.length === INSTANCES)}`],
    ['seconds, on the clock of the local AWS', result.seconds.toFixed(1), ''],
    [`changes per second (chosen: ${RATE})`, rate.toFixed(3), ''],
    ['share of the chosen rate', `${(share * 100).toFixed(1)} %`, `${TARGET * 100} % ${verdict(share >= TARGET)}`],
    ['most changes within one second', mostWithin(1000, times), ''],
    ['calls throttled', refused, `0 ${verdict(refused === 0)}`],
    ['calls to change, to describe', `${changes.length}, ${sandbox.calls.of('DescribeInstances').length}`, ''],
    ['exit code', exitCode, `0 ${verdict(exitCode === 0)}`],
  );
  console.log(`Node.js ${process.version}, clock ${timeScale} times as fast, ${LATENCY} ms latency a call`);
  console.log(table.toString());
}

function mostWithin(milliseconds: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + milliseconds).length));
}
