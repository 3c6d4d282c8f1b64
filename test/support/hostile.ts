import fc from 'fast-check';

/** Text with a meaning for a terminal, a shell, a spreadsheet, a browser or a mail program. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  "'",
  '"',
  '`id`',
  '$(id)',
  "'; rm -rf ~; '",
  '\\',
  '$HOME',
  '\u0000',
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  '\u009b31m',
  '\r\n',
  '\n  undo     nothing to do',
  '\t',
  '=HYPERLINK("http://evil.example","x")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\u200b=1',
  ',',
  '"",""',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '&lt;',
  'http://evil.example/login',
  'HTTPS://EVIL.EXAMPLE',
  'www.evil.example',
  '\u202egpj.exe',
  '\u2066\u2069\u061c\u200e\u200f',
  '\u2028\u2029\u0085',
  '\ufeff',
  '\ud800',
  '\udc00',
  '\u{e0001}\u{e0041}',
  '\u{1f600}',
  '\u3164\uffa0\u115f\u2800',
  'www．evil。example',
  '" \u3000\u3000\u3000 Undo: nothing to do',
  '一',
  '__proto__',
  'constructor',
];

/** Like `unit: 'binary'`, which would build a table of 1.1 million code points first. */
const codePoint = fc.nat(0x10ffff).map(
  (point) => String.fromCodePoint(point),
  (text) => String(text).codePointAt(0) ?? NaN,
);

/** Untrusted text: pieces of `NASTY`, or any characters, lone surrogates included. */
export const hostileText = ({ maxLength = 255 }: { maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.oneof(
    fc.array(fc.constantFrom(...NASTY), { maxLength: 8 }).map((parts) => parts.join('').slice(0, maxLength)),
    fc.string({ unit: codePoint, maxLength }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((units) => String.fromCharCode(...units)),
  );

/** Control, format (bidi among them), separator and surrogate code points: no output may contain them. */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;
