import { main as imdsv2 } from '../cli/main.ts';
import { fitting } from '../cli/common/fit.ts';
import { terminal } from '../cli/common/io.ts';
import { main } from '../sandbox/main.ts';

const io = fitting(terminal(process, new AbortController().signal));
const screen = {
  print: (line = '') => io.out(line),
  progress: (text: string) => io.progress(text),
  columns: io.columns,
};
process.exitCode = await main(process.argv.slice(2), screen, (args, { print, columns, now, sleep }) =>
  imdsv2(args, { ...io, out: print, verbatim: print, note: print, columns, now, sleep }),
);
