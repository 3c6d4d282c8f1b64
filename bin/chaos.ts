import { main } from '../sandbox/chaos/main.ts';

process.exitCode = await main(process.argv.slice(2), (line = '') => console.log(line));
