import { hash } from 'node:crypto';

type Part = string | number;

const digest = (parts: readonly Part[]): Buffer => hash('sha256', JSON.stringify(parts), 'buffer');

/** Up to 64 hex digits that depend on the parts only. */
export const hexOf = (length: number, ...parts: readonly Part[]): string =>
  digest(parts).toString('hex').slice(0, length);

/** A UUID in the form of version 4 that depends on the parts only. */
export function uuidOf(...parts: readonly Part[]): string {
  const hex = hexOf(32, ...parts);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const BITS = 48;

/** A number from 0 up to 1 that depends on the parts only. Faults are drawn with it. */
export const fractionOf = (...parts: readonly Part[]): number => digest(parts).readUIntBE(0, BITS / 8) / 2 ** BITS;

/**
 * Ids that follow from a seed.
 *
 * Without a key they are numbered by kind, so that the order of calls changes them.
 */
export class Ids {
  readonly #seed: string;
  readonly #counts = new Map<string, number>();

  public constructor(seed: string) {
    this.#seed = seed;
  }

  public hex(kind: string, length: number, key: Part = this.count(kind)): string {
    return hexOf(length, this.#seed, kind, key);
  }

  public uuid(kind: string, key: Part = this.count(kind)): string {
    return uuidOf(this.#seed, kind, key);
  }

  /** Counts the calls of each kind, from 1. */
  public count(kind: string): number {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count;
  }
}
