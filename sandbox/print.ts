/** Prints a line of output. */
export type Print = (line?: string) => void;
