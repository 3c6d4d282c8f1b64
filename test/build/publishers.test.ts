import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, FUNCTIONS, handlerEntry } from '../../build/bundle.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'publishers-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(FUNCTIONS)('only the bundle of the notifier has an SNS client, and it has none for EC2: %s', async (name) => {
  const outfile = join(folder, name, 'index.mjs');
  await bundle({ entry: handlerEntry(name), outfile });
  const code = await readFile(outfile, 'utf8');
  const clients = ['EC2', 'SNS', 'SQS'].filter((service) => code.includes(`"${service}"`));
  expect(clients).toEqual(name === 'notify' ? ['SNS', 'SQS'] : ['EC2', 'SQS']);
});
