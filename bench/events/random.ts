import { fractionOf } from '../../sandbox/aws/simulation/ids.ts';

/** A sequence of numbers from 0 up to 1 that is the same every time. */
export function randomOf(seed: string): () => number {
  let state = Math.floor(fractionOf(seed, 'events') * 2 ** 32);
  return () => {
    // https://en.wikipedia.org/wiki/Linear_congruential_generator
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
