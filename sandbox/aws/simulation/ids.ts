import { hash } from 'node:crypto';

type Part = string | number;

const digest = (parts: readonly Part[]): Buffer => hash('sha256', JSON.stringify(parts), 'buffer');

/** Hex digits that depend on the parts only; at most 64. */
export const hexOf = (length: number, ...parts: readonly Part[]): string =>
  digest(parts).toString('hex').slice(0, length);

/** A UUID (form of version 4) that depends on the parts only. */
export function uuidOf(...parts: readonly Part[]): string {
  const hex = hexOf(32, ...parts);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const BITS = 48;

/** A number from 0 up to 1 that depends on the parts only: the draw behind every fault. */
export const fractionOf = (...parts: readonly Part[]): number => digest(parts).readUIntBE(0, BITS / 8) / 2 ** BITS;

/** Ids under one seed. `next` numbers them per kind; prefer a key of the thing itself, which concurrency cannot change. */
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

  /** 1 the first time, 2 the second, … for each kind on its own. */
  public count(kind: string): number {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count;
  }
}
