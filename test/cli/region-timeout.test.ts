import { cliTime } from '../../cli/common/aws.ts';
import { RegionTimeout } from '../../cli/common/region-timeout.ts';
import { failing } from '../../lambda/adapters/failures.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { recordingIo } from '../support/io.ts';

const THROTTLING = Object.assign(new Error('slow down'), { name: 'RequestLimitExceeded' });
const RESPONSE = 'a response';

const connectionError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

/** A command that calls a region; `respond` gives the response to each call by its number, from 1. */
function command(respond: (call: number) => Error | typeof RESPONSE) {
  const recorded = recordingIo();
  const timeout = new RegionTimeout('eu-west-1', recorded.io);
  let calls = 0;
  const call = async () => {
    calls += 1;
    const response = respond(calls);
    return response instanceof Error ? Promise.reject(response) : Promise.resolve(response);
  };
  return {
    ...recorded,
    calls: () => calls,
    waited: () => recorded.pauses.reduce((sum, pause) => sum + pause, 0),
    run: (timeoutMs?: number) =>
      withRetries(() => failing(timeout.observe(call)), timeout.limit(cliTime(recorded.io, timeoutMs))),
  };
}

test('retries throttled calls for as long as it takes', async () => {
  const { run, waited } = command((call) => (call < 60 ? THROTTLING : RESPONSE));

  expect(await run()).toBe(RESPONSE);
  expect(waited()).toBeGreaterThan(300_000);
});

test('does not retry throttled calls beyond the timeout of the command', async () => {
  const { run, waited } = command(() => THROTTLING);

  await expect(run(60_000)).rejects.toThrow('slow down');
  expect(waited()).toBeLessThan(60_000);
});

test('gives up on a region that never responds after 15 seconds, with one note', async () => {
  const { run, notes, waited } = command(() => connectionError('ECONNRESET'));

  await expect(run()).rejects.toThrow('ECONNRESET');
  expect(notes).toEqual(['eu-west-1 does not respond; retrying: connect ECONNRESET']);
  expect(waited()).toBeLessThan(15_000);
});

test('gives a region that has responded before two minutes', async () => {
  const { run, waited } = command((call) => (call === 1 ? RESPONSE : connectionError('ECONNRESET')));

  await run();
  await expect(run()).rejects.toThrow('ECONNRESET');
  expect(waited()).toBeGreaterThan(100_000);
  expect(waited()).toBeLessThan(120_000);
});

test('does not count time without calls', async () => {
  const { run, io, calls } = command((call) => (call === 2 ? connectionError('ECONNRESET') : RESPONSE));

  await run();
  await io.sleep(3_600_000); // such as a confirmation that takes an hour
  expect(await run()).toBe(RESPONSE);
  expect(calls()).toBe(3);
});

test('does not retry a region name that DNS does not know', async () => {
  const { run, calls, notes } = command(() => connectionError('ENOTFOUND'));

  await expect(run()).rejects.toThrow('connect ENOTFOUND; check the name of the Region');
  expect([calls(), notes]).toEqual([1, []]);
});

test('retries a DNS error in a region that has responded before', async () => {
  const { run, calls } = command((call) => (call === 2 ? connectionError('ENOTFOUND') : RESPONSE));

  await run();
  expect(await run()).toBe(RESPONSE);
  expect(calls()).toBe(3);
});
