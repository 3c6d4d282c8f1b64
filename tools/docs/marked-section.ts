/** Replaces what is between the begin and the end mark of a page. */
export function replaceSection(
  page: string,
  [begin, end]: readonly [begin: string, end: string],
  text: string,
): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page lacks the marks ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text.trim()}\n\n${page.slice(to)}`;
}

/** A Markdown table as prettier formats it. The first line is the head. */
export function markdownTable([head = [], ...lines]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  const pad = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return [pad(head), rule, ...lines.map(pad)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
