import { Attention } from '../../cli/shared/attention.ts';
import { cliTime } from '../../cli/shared/aws.ts';
import { failing } from '../../lambda/adapters/failures.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { recordingIo } from '../support/io.ts';

const THROTTLED = Object.assign(new Error('slow down'), { name: 'RequestLimitExceeded' });
const ANSWER = 'an answer';

const broken = (code: string) => Object.assign(new Error(`${code} said no`), { code });

/** A command that calls a region again and again; each call gets what the function gives for its number, from 1. */
function command(answer: (call: number) => Error | typeof ANSWER) {
  const recorded = recordingIo();
  const attention = new Attention('eu-west-1', recorded.io);
  let calls = 0;
  const call = async () => {
    calls += 1;
    const given = answer(calls);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  return {
    ...recorded,
    calls: () => calls,
    waited: () => recorded.pauses.reduce((sum, pause) => sum + pause, 0),
    ask: (patience?: number) =>
      withRetries(() => failing(attention.listen(call)), attention.within(cliTime(recorded.io, patience))),
  };
}

test('throttling is waited out, however long it takes', async () => {
  const { ask, waited } = command((call) => (call < 60 ? THROTTLED : ANSWER));

  expect(await ask()).toBe(ANSWER);
  expect(waited()).toBeGreaterThan(300_000);
});

test('throttling is not waited out for longer than the command has patience', async () => {
  const { ask, waited } = command(() => THROTTLED);

  await expect(ask(60_000)).rejects.toThrow('slow down');
  expect(waited()).toBeLessThan(60_000);
});

test('a region that never answers is given up soon, and is said to be asked again once', async () => {
  const { ask, notes, waited } = command(() => broken('ECONNRESET'));

  await expect(ask()).rejects.toThrow('ECONNRESET');
  expect(notes).toEqual(['eu-west-1 does not answer, and is asked again: ECONNRESET said no']);
  expect(waited()).toBeLessThan(15_000);
});

test('a region that falls silent later is given two minutes', async () => {
  const { ask, waited } = command((call) => (call === 1 ? ANSWER : broken('ECONNRESET')));

  await ask();
  await expect(ask()).rejects.toThrow('ECONNRESET');
  expect(waited()).toBeGreaterThan(100_000);
  expect(waited()).toBeLessThan(120_000);
});

test('time in which nothing was asked does not count', async () => {
  const { ask, io, calls } = command((call) => (call === 2 ? broken('ECONNRESET') : ANSWER));

  await ask();
  await io.sleep(3_600_000); // such as a question that somebody answers after lunch
  expect(await ask()).toBe(ANSWER);
  expect(calls()).toBe(3);
});

test('a region that DNS does not know is not asked again', async () => {
  const { ask, calls, notes } = command(() => broken('ENOTFOUND'));

  await expect(ask()).rejects.toThrow('ENOTFOUND said no; is the name of the region right?');
  expect([calls(), notes]).toEqual([1, []]);
});

test('a region that DNS does not know any more is asked again', async () => {
  const { ask, calls } = command((call) => (call === 2 ? broken('ENOTFOUND') : ANSWER));

  await ask();
  expect(await ask()).toBe(ANSWER);
  expect(calls()).toBe(3);
});
