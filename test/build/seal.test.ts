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

async function write(file: string, text = 'original'): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

const BUNDLED = ['lambda/a.ts', 'dist/a.mjs', 'node_modules/x/index.js', 'plugin:made-up'];

it('the bundles are up to date if nothing has changed', async () => {
  expect(await isSealed(root)).toBe(false);
  await seal(BUNDLED, root);
  expect(await isSealed(root)).toBe(true);
  await write('lambda/a.ts');
  expect(await isSealed(root)).toBe(true);
});

it.each([...BUNDLED.slice(0, 2), 'build/bundle.ts', 'package-lock.json', 'tsconfig.json'])(
  'the bundles are out of date after %s was changed or deleted',
  async (file) => {
    await seal(BUNDLED, root);
    await write(file, 'changed');
    expect(await isSealed(root)).toBe(false);
    await write(file);
    expect(await isSealed(root)).toBe(true);
    await rm(join(root, file));
    expect(await isSealed(root)).toBe(false);
  },
);

it('the bundles are out of date if the seal cannot be read', async () => {
  await seal(BUNDLED, root);
  await write('dist/maps/seal.json', 'half of');
  expect(await isSealed(root)).toBe(false);
});
