import { relative } from 'node:path';
import { buildBundles, buildCli } from './bundle.ts';

for (const { outfile, bytes } of [...(await buildBundles()), await buildCli()]) {
  console.log(`${relative(process.cwd(), outfile)}  ${(bytes / 1000).toFixed(0)} kB`);
}
