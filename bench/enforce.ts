/**
 * Measures how closely `imdsv2 enforce` follows its rate, with 600 instances and AWS limits.
 *
 *     npm run bench:enforce [-- <time scale>]
 *
 * The command runs in this process on the simulated clock, so that its real work counts for longer by the time scale. A missed
 * target does not fail the run, because times depend on the machine.
 */
import Table from 'cli-table3';
import { type Io, terminal } from '../cli/common/io.ts';
import { main } from '../cli/main.ts';
import { startSandbox } from '../sandbox/index.ts';

const INSTANCES = 600;
/** The default rate: changes per second. */
const RATE = 3;
const TARGET = 0.95;
/** Network latency of each call in simulated milliseconds. */
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

/** The parts of the result that are read. */
interface Document {
  readonly result: {
    readonly remediated: readonly object[];
    readonly seconds: number;
    readonly throttledCalls: number;
  };
}

/** The terminal of this process with the simulated clock. The result is written to `out`. */
function scaledIo(out: string[]): Io {
  const { clock } = sandbox;
  return {
    ...terminal(process, new AbortController().signal),
    out: () => undefined,
    verbatim: (line) => void out.push(line),
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
  const throttled = sandbox.calls.all().filter(({ outcome }) => outcome === 'RequestLimitExceeded').length;
  const table = new Table({ head: ['enforce', 'measured', 'target'], style: { head: [], border: [] } });
  const verdict = (met: boolean): string => (met ? 'met' : 'MISSED');
  table.push(
    [
      'instances remediated',
      result.remediated.length,
      `${INSTANCES} ${verdict(result.remediated.length === INSTANCES)}`,
    ],
    ['simulated seconds', result.seconds.toFixed(1), ''],
    [`changes per second (rate: ${RATE})`, rate.toFixed(3), ''],
    ['share of the rate', `${(share * 100).toFixed(1)}%`, `${TARGET * 100}% ${verdict(share >= TARGET)}`],
    ['most changes within one second', mostWithin(1000, times), ''],
    ['throttled calls', throttled, `0 ${verdict(throttled === 0)}`],
    ['modify calls, describe calls', `${changes.length}, ${sandbox.calls.of('DescribeInstances').length}`, ''],
    ['exit code', exitCode, `0 ${verdict(exitCode === 0)}`],
  );
  console.log(`Node.js ${process.version}, simulated clock at ${timeScale}x, latency ${LATENCY} ms`);
  console.log(table.toString());
}

function mostWithin(milliseconds: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + milliseconds).length));
}
