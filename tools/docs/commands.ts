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

/** Every shell command in the code blocks of a Markdown page: each line of an `sh` block, known programs in the others. */
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

/** Whether a line of the page still belongs to the command: after a backslash, and until loops and functions end. */
function continues(text: string): boolean {
  const count = (word: RegExp) => text.match(word)?.length ?? 0;
  if (/\\$/.test(text)) return true;
  return count(/\bdo$/gm) > count(/^ *done\b/gm) || count(/\{$/gm) > count(/^\}/gm);
}
