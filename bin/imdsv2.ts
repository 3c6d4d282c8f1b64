#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { main } from '../cli/main.ts';
import { terminal } from '../cli/common/io.ts';

// The bundled SDK warns about Node.js versions that later SDK versions will drop; the bundle supports them.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// Node.js 24 lets V8's young generation grow to 64 MB and more: half of the memory of an audit, which is no faster for it.
setFlagsFromString('--semi-space-growth-factor=1');
const interrupt = new AbortController();
// Only once: a second Ctrl-C has its default effect and ends the process.
process.once('SIGINT', () => interrupt.abort());
// The reader of a pipe, such as `head`, has ended: treated as Ctrl-C.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  interrupt.abort();
});
const io = terminal(process, interrupt.signal, 'working');
process.exitCode = await main(process.argv.slice(2), io);
io.progress('');
