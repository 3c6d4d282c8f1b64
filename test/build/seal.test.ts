import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSealed, seal } from '../../build/seal.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'seal-test-'));
  for (const file of ['lambda/a.ts', 'dist/a.mjs', 'build/bundle.ts', 'package-lock.json', 'tsconfig.json'])
    await write(file);
});
afterEach(() => rm(root, { recursive: true }));

async function write(file: string, text = 'as it was'): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

const MADE = ['lambda/a.ts', 'dist/a.mjs', 'node_modules/x/index.js', 'plugin:made-up'];

it('holds while nothing changes', async () => {
  expect(await isSealed(root)).toBe(false);
  await seal(MADE, root);
  expect(await isSealed(root)).toBe(true);
  await write('lambda/a.ts');
  expect(await isSealed(root)).toBe(true);
});

it.each([...MADE.slice(0, 2), 'build/bundle.ts', 'package-lock.json', 'tsconfig.json'])(
  'is broken by a change of %s, and where it is gone',
  async (file) => {
    await seal(MADE, root);
    await write(file, 'another');
    expect(await isSealed(root)).toBe(false);
    await write(file);
    expect(await isSealed(root)).toBe(true);
    await rm(join(root, file));
    expect(await isSealed(root)).toBe(false);
  },
);

it('that cannot be read is none', async () => {
  await seal(MADE, root);
  await write('dist/maps/seal.json', 'half of');
  expect(await isSealed(root)).toBe(false);
});
