/** Compares items by their keys, the first one that differs; ascending. */
export const ascending =
  <T>(keysOf: (item: T) => readonly (string | number)[]) =>
  (a: T, b: T): number => {
    const others = keysOf(b);
    for (const [index, key] of keysOf(a).entries()) {
      const other = others[index] ?? key;
      if (key !== other) return key < other ? -1 : 1;
    }
    return 0;
  };
