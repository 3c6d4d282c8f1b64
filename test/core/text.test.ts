import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { clean, csvCell, defang, htmlText, MAX_TEXT, shellQuote } from '../../lambda/core/text.ts';
import { hostileText, INVISIBLE, NASTY } from '../support/hostile.ts';

const characters = (text: string): number => Array.from(text).length;

describe('clean()', () => {
  test.each([
    ['keeps plain text', 'web-1 (blue), größe 日本 😀', 'web-1 (blue), größe 日本 😀'],
    ['joins lines', 'a\r\nb\tc\n\nd', 'a b c d'],
    ['removes control characters of terminal sequences', '\u001b[2Jx\u009b1m', '[2Jx1m'],
    ['removes bidi overrides', 'invoice\u202egpj.exe', 'invoicegpj.exe'],
    ['removes line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['removes lone surrogates', 'a\ud800b\udc00c', 'abc'],
    ['does not join surrogates that an invisible character separates', '\ud83d\u200b\ude00', ''],
    ['removes Hangul fillers and the blank Braille pattern', 'a\u115f\u1160\u3164\uffa0\u2800b', 'ab'],
    ['removes tag characters', 'a\u{e0041}', 'a'],
  ])('%s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned);
  });

  test('keeps 128 characters, and cuts longer texts', () => {
    const whole = '😀'.repeat(MAX_TEXT);
    expect(clean(whole)).toBe(whole);
    expect(clean(`${whole}x`)).toBe(`${'😀'.repeat(MAX_TEXT - 1)}…`);
  });

  test('leaves no invisible character and at most the maximum length', () => {
    fc.assert(
      fc.property(hostileText({ maxLength: 400 }), fc.integer({ min: 1, max: 300 }), (text, max) => {
        const cleaned = clean(text, max);
        expect(cleaned).not.toMatch(INVISIBLE);
        expect(characters(cleaned)).toBeLessThanOrEqual(max);
        expect(clean(cleaned, max)).toBe(cleaned);
      }),
    );
  });
});

describe('defang()', () => {
  test.each([
    ['https://evil.example/a?b=c', 'https[:]//evil[.]example/a?b=c'],
    ['see www.evil.co.uk', 'see www[.]evil[.]co[.]uk'],
    ['evil.xn--p1ai', 'evil[.]xn--p1ai'],
    ['evil.рф', 'evil[.]рф'],
    ['evil.भारत', 'evil[.]भारत'],
    ['ev\u200bil\u00ad.com', 'evil[.]com'],
    ['kim@evil.com', 'kim@evil[.]com'],
    ['bucket.s3.amazonaws.com', 'bucket.s3[.]amazonaws[.]com'],
    ['ec2-203-0-113-7.compute-1.amazonaws.com', 'ec2-203-0-113-7[.]compute-1[.]amazonaws[.]com'],
    ['www．evil。example', 'www[.]evil[.]example'],
    ['evil｡example and evil․example', 'evil[.]example and evil[.]example'],
    ['https：／／evil.example', 'https[:]//evil[.]example'],
    ['ev\u3164il.c\uffa0om', 'evil[.]com'],
    ['autoscaling.amazonaws.com/login', 'autoscaling[.]amazonaws[.]com/login'],
  ])('changes the link %s', (text, defanged) => {
    expect(defang(text)).toBe(defanged);
  });

  test.each([
    'autoscaling.amazonaws.com',
    'ec2fleet.amazonaws.com',
    'ec2.amazonaws.com.cn',
    '198.51.100.23',
    'aws-cli/2.31.0',
    'arn:aws:iam::111122223333:role/deployer',
    'web-1',
  ])('keeps %s', (text) => {
    expect(defang(text)).toBe(text);
  });

  test('keeps one blank of many, so that no text is laid out as a line of its own', () => {
    expect(defang(`web${'\u3000 \u00a0'.repeat(20)}Undo: x`)).toBe('web Undo: x');
  });

  test('leaves no scheme, no domain and no invisible character', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const defanged = defang(text);
        expect(defanged).not.toContain('://');
        expect(defanged).not.toMatch(/[^.․。．｡][.․。．｡][a-z]{2}/i);
        expect(defanged).not.toMatch(INVISIBLE);
      }),
    );
  });
});

describe('shellQuote()', () => {
  test.each([
    ['web', `'web'`],
    [`it's`, `'it'\\''s'`],
    ['$(id) `id` "x" \\', `'$(id) \`id\` "x" \\'`],
    ['', `''`],
  ])('quotes %s as %s', (text, quoted) => {
    expect(shellQuote(text)).toBe(quoted);
  });

  test('a shell reads one word, the sanitized text', () => {
    const texts = [...NASTY, ...fc.sample(hostileText({ maxLength: 300 }), 400)];
    // `printf` ends each word with a NUL. A text that broke out of its quotes would shift the words after it.
    const script = `printf '%s\\0' ${texts.map(shellQuote).join(' ')}`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(words).toEqual(texts.map((text) => clean(text, 256)));
  });
});

describe('csvCell()', () => {
  test.each([
    ['web', 'web'],
    ['=1+1', `'=1+1`],
    ['+1', `'+1`],
    ['-1', `'-1`],
    ['@x', `'@x`],
    [' =1', `' =1`],
    ['\t=1', `' =1`],
    ['\r=1', `' =1`],
    ['\u200b=1', `'=1`],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['＝1+1', `'＝1+1`],
    ['say "x"', '"say ""x"""'],
    ['=HYPERLINK("u","x")', `"'=HYPERLINK(""u"",""x"")"`],
    ['a\r\nb', 'a b'],
    ['', ''],
  ])('writes %j as %s', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  test('a CSV reader reads the sanitized texts, and no cell is a formula', () => {
    fc.assert(
      fc.property(fc.array(hostileText(), { minLength: 1, maxLength: 6 }), (texts) => {
        const cells = readCsv(texts.map(csvCell).join(','));
        const cleaned = texts.map((text) => clean(text));
        expect(cells).toEqual(cleaned.map((text) => (/^\s*[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text)));
        for (const cell of cells) expect(cell.trimStart()).not.toMatch(/^[=+\-@＝＋－＠\t\r]/);
      }),
    );
  });

  /** Reads one record of RFC 4180. */
  function readCsv(record: string): string[] {
    const cells: string[] = [];
    const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/gy;
    for (let match = cell.exec(record); match !== null; match = cell.exec(record)) {
      cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
      if (match[3] === '') return cells;
    }
    throw new Error(`not a CSV record: ${record}`);
  }
});

describe('htmlText()', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onclick='x'`, '&quot; onclick=&#39;x&#39;'],
    ['a & b &amp; c', 'a &amp; b &amp;amp; c'],
    ['größe', 'größe'],
  ])('writes %s as %s', (text, html) => {
    expect(htmlText(text)).toBe(html);
  });

  test('has no markup, and decodes to the sanitized text', () => {
    const NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    fc.assert(
      fc.property(hostileText(), (text) => {
        const html = htmlText(text);
        expect(html).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        expect(html.replace(/&([a-z0-9#]+);/g, (_, name: string) => NAMES[name] ?? '?')).toBe(clean(text));
      }),
    );
  });
});
