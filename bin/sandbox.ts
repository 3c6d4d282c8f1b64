import { main as imdsv2 } from '../cli/main.ts';
import { terminal } from '../cli/common/io.ts';
import { main } from '../sandbox/main.ts';

const print = (line = '') => console.log(line);
process.exitCode = await main(process.argv.slice(2), print, (args, { print, now, sleep }) => {
  const io = terminal(process, new AbortController().signal);
  // The tour indents what a command prints.
  const columns = io.columns - 4;
  return imdsv2(args, { ...io, out: print, verbatim: print, note: print, columns, now, sleep });
});
