import { PassThrough } from 'node:stream';
import { terminal } from '../../cli/common/io.ts';

/** A process with or without a terminal. */
function processOf({ isTTY = true, columns = 40, env = {} }: { isTTY?: boolean; columns?: number; env?: object } = {}) {
  const streams = ['stdin', 'stdout', 'stderr'].map((name) => [
    name,
    Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns }),
  ]);
  const parts = { ...Object.fromEntries(streams), env } as Record<'stdin' | 'stdout' | 'stderr', PassThrough>;
  return { ...parts, process: parts as unknown as NodeJS.Process };
}

const signal = new AbortController().signal;
/** Waits until a question is on the screen. */
const asking = (stderr: PassThrough) => new Promise((resolve) => stderr.once('data', resolve));
const output = (stream: PassThrough) => String(stream.read() ?? '');

describe('confirm', () => {
  it.each([
    ['y', true],
    ['YES', true],
    [' yes ', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('returns for %j: %s', async (typed, answer) => {
    const { process, stdin, stderr } = processOf();
    const asked = terminal(process, signal).confirm('Do it?');
    await asking(stderr);
    stdin.write(`${typed}\n`);

    expect(await asked).toBe(answer);
  });

  it.each(['y\n', 'y\ny\ny\n', 'y'])(
    'does not take %j for the answer if it was typed before the question',
    async (typed) => {
      const { process, stdin, stderr } = processOf();
      stdin.write(typed);
      const asked = terminal(process, signal).confirm('Do it?');
      await asking(stderr);
      stdin.write('n\n');

      expect(await asked).toBe(false);
    },
  );

  it('drops an unfinished line, too, which a terminal delivers in raw mode only', async () => {
    const { process, stdin, stderr } = processOf();
    const modes: boolean[] = [];
    const setRawMode = (raw: boolean) => {
      modes.push(raw);
      if (modes.length === 1) stdin.write('y');
    };
    Object.assign(stdin, { setRawMode });
    const asked = terminal(process, signal).confirm('Do it?');
    await asking(stderr);
    stdin.write('\n');

    expect(await asked).toBe(false);
    expect(modes.slice(0, 2)).toEqual([true, false]);
  });

  it('ends at Ctrl-C that is typed right before the question', async () => {
    const { process, stdin } = processOf();
    const interrupt = new AbortController();
    Object.assign(process, { pid: 42, kill: (...args: unknown[]) => interrupt.abort(args) });
    stdin.write('\u0003');

    expect(await terminal(process, interrupt.signal).confirm('Do it?')).toBe(false);
    expect(interrupt.signal.reason).toEqual([42, 'SIGINT']);
  });

  it('returns false at the end of the input', async () => {
    const { process, stdin, stderr } = processOf();
    const asked = terminal(process, signal).confirm('Do it?');
    await asking(stderr);
    stdin.end();

    expect(await asked).toBe(false);
  });

  it('returns false at Ctrl-C', async () => {
    const interrupt = new AbortController();
    const asked = terminal(processOf().process, interrupt.signal).confirm('Do it?');
    interrupt.abort();

    expect(await asked).toBe(false);
  });

  it('does not ask without a terminal', async () => {
    const { process, stderr } = processOf({ isTTY: false });

    expect(await terminal(process, signal).confirm('Do it?')).toBeUndefined();
    expect(output(stderr)).toBe('');
  });
});

it('Ctrl-C ends every sleep, without a listener warning', async () => {
  const interrupt = new AbortController();
  const io = terminal(processOf().process, interrupt.signal);
  const warnings: Error[] = [];
  const listen = (warning: Error) => void warnings.push(warning);
  process.on('warning', listen);

  const waiting = Promise.allSettled(Array.from({ length: 50 }, () => io.sleep(60_000)));
  interrupt.abort();
  const statuses = (await waiting).map(({ status }) => status);
  await new Promise(setImmediate);
  process.off('warning', listen);

  expect(statuses).toEqual(Array(50).fill('rejected'));
  expect(warnings).toEqual([]);
});

describe('the progress line', () => {
  it('is replaced, and removed before other output', () => {
    const { process, stderr, stdout } = processOf();
    const io = terminal(process, signal);
    io.progress('one');
    io.progress('two');
    io.note('note');
    io.out('out');

    expect(output(stderr)).toBe('one\r\u001B[Ktwo\r\u001B[Knote\n');
    expect(output(stdout)).toBe('out\n');
  });

  it.each([
    [40, 39],
    [0, 99],
  ])('fits into %i columns', (columns, length) => {
    const { process, stderr } = processOf({ columns });
    terminal(process, signal).progress('x'.repeat(200));

    expect(output(stderr)).toHaveLength(length);
  });

  it('is not shown without a terminal', () => {
    const { process, stderr } = processOf({ isTTY: false });
    terminal(process, signal).progress('one');

    expect(output(stderr)).toBe('');
  });
});

it.each([
  [{ NO_COLOR: '1' }, true],
  [{ TERM: 'dumb' }, true],
  [{}, false],
])('prints no styles with %j and terminal: %s', (env, isTTY) => {
  expect(terminal(processOf({ env, isTTY }).process, signal).style('red', 'red')).toBe('red');
});

describe('a command that prints nothing for two seconds', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('shows how long it works, until it prints', () => {
    const { process, stdout, stderr } = processOf();
    const io = terminal(process, signal, 'working');
    jest.advanceTimersByTime(1_900);
    expect(output(stderr)).toBe('');
    jest.advanceTimersByTime(1_200);
    expect(output(stderr)).toMatch(/^working, 2 s.*working, 3 s$/s);
    io.out('result');
    expect([output(stderr), output(stdout)]).toEqual(['\r\u001B[K', 'result\n']);
    jest.advanceTimersByTime(1_900);
    expect(output(stderr)).toBe('');
  });

  it('keeps a progress line of the command', () => {
    const { process, stderr } = processOf();
    terminal(process, signal, 'working').progress('3 of 9');
    jest.advanceTimersByTime(60_000);
    expect(output(stderr)).toBe('3 of 9');
  });

  it('shows nothing beside a question, or without a terminal', async () => {
    const { process, stderr } = processOf();
    void terminal(process, signal, 'working').confirm('Do it?');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(output(stderr)).not.toContain('working');
    const piped = processOf({ isTTY: false });
    terminal(piped.process, signal, 'working');
    jest.advanceTimersByTime(60_000);
    expect(output(piped.stderr)).toBe('');
  });
});
