import { relative } from 'node:path';
import { buildBundles } from './bundle.ts';

for (const { outfile, bytes } of await buildBundles()) {
  console.log(`${relative(process.cwd(), outfile)}  ${(bytes / 1000).toFixed(0)} kB`);
}
