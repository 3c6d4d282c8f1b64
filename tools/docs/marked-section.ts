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
