/** Scans a region of the virtual clock once, for its memory. Prints the seconds of the longest invocation. */
import { scanRegion } from './run.ts';

const { statistics, longestMs } = await scanRegion({
  nonCompliant: Number(process.argv[2]),
  existing: 'audit',
  limitMs: Infinity,
});
if (statistics.digests.length !== 1) throw new Error(`${statistics.digests.length} digests`);
console.log((longestMs / 1000).toFixed(0));
