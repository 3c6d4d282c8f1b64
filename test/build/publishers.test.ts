import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, FUNCTIONS, handlerEntry } from '../../build/bundle.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'publishers-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(FUNCTIONS)('only the bundle of the notifier can publish, and it has no EC2 client: %s', async (name) => {
  const outfile = join(folder, name, 'index.mjs');
  await bundle({ entry: handlerEntry(name), outfile });
  const code = await readFile(outfile, 'utf8');
  const clients = ['EC2', 'SNS', 'SQS'].filter((service) => code.includes(`"${service}"`));
  // The scan reads the subscriptions of the topics.
  expect(clients).toEqual({ notify: ['SNS', 'SQS'], enforce: ['EC2', 'SQS'], scan: ['EC2', 'SNS', 'SQS'] }[name]);
  expect(/"Publish"/.test(code)).toBe(name === 'notify');
});
