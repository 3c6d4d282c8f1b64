/** Prints a line of output. */
export type Print = (line?: string) => void;

/** Where a run is shown. */
export interface Screen {
  /** Prints a text, which is broken where it is wider than the terminal. */
  readonly print: Print;
  /** Replaces the progress line; `''` removes it. Does nothing without a terminal. */
  readonly progress: (text: string) => void;
  /** Width in columns. */
  readonly columns: number;
}

/** Milliseconds without a new line after which the progress line is shown. */
const SILENCE = 2_000;

/**
 * Shows what a run is at, whenever it has printed nothing for two seconds.
 *
 * @param activity what it does now.
 * @returns a screen that notices what is printed on it, and what ends the progress line.
 */
export function showingProgress(screen: Screen, activity: () => string): Screen & { readonly stop: () => void } {
  let printedAt = Date.now();
  const show = () => {
    const silent = Date.now() - printedAt;
    if (silent >= SILENCE) screen.progress(`${Math.round(silent / 1000)} s: ${activity()}`);
  };
  const timer = setInterval(show, SILENCE / 4);
  return {
    ...screen,
    print: (line) => {
      printedAt = Date.now();
      screen.print(line);
    },
    stop: () => {
      clearInterval(timer);
      screen.progress('');
    },
  };
}
