#!/usr/bin/env node
import { main } from '../cli/main.ts';
import { terminal } from '../cli/shared/io.ts';

// The SDK that is built in works on every Node.js we support, whatever later ones will need.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const interrupt = new AbortController();
// Once only: a second Ctrl-C finds no listener and ends the process.
process.once('SIGINT', () => interrupt.abort());
// Nobody reads on, as in `| head`: the same as Ctrl-C, so that what is under way is ended in order.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  interrupt.abort();
});
process.exitCode = await main(process.argv.slice(2), terminal(process, interrupt.signal));
