import { PassThrough } from 'node:stream';
import { terminal } from '../../cli/shared/io.ts';

/** A process in which somebody sits at the terminal, or nobody does. */
function processOf({ isTTY = true, columns = 40, env = {} }: { isTTY?: boolean; columns?: number; env?: object } = {}) {
  const streams = ['stdin', 'stdout', 'stderr'].map((name) => [
    name,
    Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns }),
  ]);
  const made = { ...Object.fromEntries(streams), env } as Record<'stdin' | 'stdout' | 'stderr', PassThrough>;
  return { ...made, process: made as unknown as NodeJS.Process };
}

const signal = new AbortController().signal;
const written = (stream: PassThrough) => String(stream.read() ?? '');

describe('a question', () => {
  it.each([
    ['y', true],
    ['YES', true],
    [' yes ', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('answered with %j → %s', async (typed, answer) => {
    const { process, stdin } = processOf();
    const asked = terminal(process, signal).confirm('Do it?');
    stdin.write(`${typed}\n`);

    expect(await asked).toBe(answer);
  });

  it('whose answer never comes → no', async () => {
    const { process, stdin } = processOf();
    const asked = terminal(process, signal).confirm('Do it?');
    stdin.end();

    expect(await asked).toBe(false);
  });

  it('answered with Ctrl-C → no', async () => {
    const interrupt = new AbortController();
    const asked = terminal(processOf().process, interrupt.signal).confirm('Do it?');
    interrupt.abort();

    expect(await asked).toBe(false);
  });

  it('that nobody can answer is not asked', async () => {
    const { process, stderr } = processOf({ isTTY: false });

    expect(await terminal(process, signal).confirm('Do it?')).toBeUndefined();
    expect(written(stderr)).toBe('');
  });
});

it('many may wait at once, and Ctrl-C wakes them all', async () => {
  const interrupt = new AbortController();
  const io = terminal(processOf().process, interrupt.signal);
  const warned: Error[] = [];
  const listen = (warning: Error) => void warned.push(warning);
  process.on('warning', listen);

  const waiting = Promise.allSettled(Array.from({ length: 50 }, () => io.sleep(60_000)));
  interrupt.abort();
  const statuses = (await waiting).map(({ status }) => status);
  await new Promise(setImmediate);
  process.off('warning', listen);

  expect(statuses).toEqual(Array(50).fill('rejected'));
  expect(warned).toEqual([]);
});

describe('the progress line', () => {
  it('is replaced, and makes room for other lines', () => {
    const { process, stderr, stdout } = processOf();
    const io = terminal(process, signal);
    io.progress('one');
    io.progress('two');
    io.note('note');
    io.out('out');

    expect(written(stderr)).toBe('one\r\u001B[Ktwo\r\u001B[Knote\n');
    expect(written(stdout)).toBe('out\n');
  });

  it.each([
    [40, 39],
    [0, 99],
  ])('fits into %i columns', (columns, length) => {
    const { process, stderr } = processOf({ columns });
    terminal(process, signal).progress('x'.repeat(200));

    expect(written(stderr)).toHaveLength(length);
  });

  it('is not shown to nobody', () => {
    const { process, stderr } = processOf({ isTTY: false });
    terminal(process, signal).progress('one');

    expect(written(stderr)).toBe('');
  });
});

it.each([
  [{ NO_COLOR: '1' }, true],
  [{ TERM: 'dumb' }, true],
  [{}, false],
])('with %j and somebody at the terminal (%s) there are no styles', (env, isTTY) => {
  expect(terminal(processOf({ env, isTTY }).process, signal).style('red', 'red')).toBe('red');
});
