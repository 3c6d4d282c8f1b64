/** A shell command of a page. */
export interface Command {
  readonly page: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** The command as written, of one line or more. */
  readonly text: string;
}

/** Programs by which a command is found in a code block that is not marked as `sh`. */
const PROGRAMS = /^(?:aws|cdk|git|imdsv2|node|npm|npx) /;

/**
 * The shell commands in the code blocks of a Markdown page.
 *
 * Every line of an `sh` block is one; in other blocks, lines that begin with a known program.
 */
export function commandsIn(page: string, markdown: string): readonly Command[] {
  const commands: Command[] = [];
  let fence: string | undefined;
  let begun: Command | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, language] = /^ *```(\w*)/.exec(line) ?? [];
    if (language !== undefined) {
      fence = fence === undefined ? language : undefined;
      continue;
    }
    const code = codeOf(line, fence);
    if (begun !== undefined) begun = { ...begun, text: `${begun.text}\n${code ?? ''}` };
    else if (code !== undefined && isCommand(code, fence)) begun = { page, line: index + 1, text: code };
    if (begun === undefined || continues(begun.text)) continue;
    commands.push(begun);
    begun = undefined;
  }
  if (begun !== undefined) throw new Error(`${page}:${begun.line}: the command has no end`);
  return commands;
}

/** The line without the indentation of its code block; `undefined` outside of one. */
function codeOf(line: string, fence: string | undefined): string | undefined {
  if (fence !== undefined) return line;
  return /^ {4}(.*)$/.exec(line)?.[1];
}

function isCommand(code: string, fence: string | undefined): boolean {
  return fence === 'sh' ? /^[^#\s]/.test(code) : PROGRAMS.test(code);
}

/** Whether the next line belongs to the command: after a backslash, in a loop, in a function. */
function continues(text: string): boolean {
  const count = (word: RegExp) => text.match(word)?.length ?? 0;
  if (/\\$/.test(text)) return true;
  return count(/\bdo$/gm) > count(/^ *done\b/gm) || count(/[{(]$/gm) > count(/^[})]/gm);
}
