import { main as imdsv2 } from '../cli/main.ts';
import { terminal } from '../cli/common/io.ts';
import { main } from '../sandbox/main.ts';

const print = (line = '') => console.log(line);
process.exitCode = await main(process.argv.slice(2), print, (args, { print, now, sleep }) =>
  imdsv2(args, { ...terminal(process, new AbortController().signal), out: print, note: print, now, sleep }),
);
