import { hexOf } from '../aws/simulation/ids.ts';

/** A random generator with a seed. Hashing each draw would be too slow for a fleet of thousands. */
export class Draw {
  #state: number;

  public constructor(...seed: readonly (string | number)[]) {
    this.#state = parseInt(hexOf(8, ...seed), 16);
  }

  /** A number from 0 up to 1. Mulberry32, by Tommy Ettinger, in the public domain. */
  public fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  public chance(share: number): boolean {
    return this.fraction() < share;
  }

  /** A whole number from `min` to `max`. */
  public between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** One of the names, with probabilities in proportion to their shares. */
  public among<T extends string | number>(shares: readonly (readonly [name: T, share: number])[]): T {
    let remaining = this.fraction() * shares.reduce((sum, [, share]) => sum + share, 0);
    for (const [name, share] of shares) if ((remaining -= share) < 0) return name;
    return this.of(shares.map(([name]) => name));
  }

  public of<T>(things: readonly T[]): T {
    const thing = things[Math.floor(this.fraction() * things.length)];
    if (thing === undefined) throw new Error('nothing to draw from');
    return thing;
  }

  public hex(length: number): string {
    let digits = '';
    while (digits.length < length)
      digits += Math.floor(this.fraction() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return digits.slice(0, length);
  }
}
