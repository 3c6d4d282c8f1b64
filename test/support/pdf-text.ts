import { inflateSync } from 'node:zlib';

/**
 * The text of a PDF that Chromium made, once for each font: what another font has is wrong in it.
 *
 * Text is glyph ids in hexadecimal; the table `ToUnicode` of a font has their characters (ISO 32000-1, 9.10.3).
 */
export function pdfText(pdf: Buffer): string {
  const streams = [...pdf.toString('latin1').matchAll(/stream\r?\n(.*?)\r?\nendstream/gs)].map(([, data = '']) => {
    try {
      return inflateSync(Buffer.from(data, 'latin1')).toString('latin1');
    } catch {
      return '';
    }
  });
  const fonts = streams.filter((text) => text.includes('begincmap')).map(charactersOf);
  const runs = streams
    .flatMap((text) => [...text.matchAll(/<([0-9A-Fa-f]+)> Tj|\[([^\]]*)\] TJ/g)])
    .map(([, one, many = '']) => one ?? [...many.matchAll(/<([0-9A-Fa-f]+)>/g)].map(([, hex]) => hex).join(''));
  const decoded = (font: ReadonlyMap<number, string>, run: string) =>
    (run.match(/.{4}/g) ?? []).map((glyph) => font.get(parseInt(glyph, 16)) ?? '').join('');
  return fonts.map((font) => runs.map((run) => decoded(font, run)).join('')).join('\n');
}

function charactersOf(table: string): ReadonlyMap<number, string> {
  const characters = new Map<number, string>();
  for (const [, block = ''] of table.matchAll(/beginbfchar(.*?)endbfchar/gs))
    for (const [, glyph = '', code = ''] of block.matchAll(/<(\w+)> <(\w+)>/g))
      characters.set(parseInt(glyph, 16), String.fromCharCode(parseInt(code.slice(0, 4), 16)));
  for (const [, block = ''] of table.matchAll(/beginbfrange(.*?)endbfrange/gs))
    for (const [, from = '', to = '', code = ''] of block.matchAll(/<(\w+)> <(\w+)> <(\w+)>/g))
      for (let glyph = parseInt(from, 16); glyph <= parseInt(to, 16); glyph += 1)
        characters.set(glyph, String.fromCharCode(parseInt(code, 16) + glyph - parseInt(from, 16)));
  return characters;
}
