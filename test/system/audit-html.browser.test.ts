import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { htmlReport } from '../../cli/audit/html/report.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { temporaryFolder } from '../../sandbox/temporary-folder.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { pdfText } from '../support/pdf-text.ts';
import { instanceId, NOW, type SnapshotChange } from '../support/builders.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const HOSTILE = '<img src=x onerror="document.title=1">';
const REGIONS = ['eu-west-1', 'us-east-1'];
const ROWS = 300;

const hasBrowser = existsSync(CHROMIUM);
const browserTest = hasBrowser ? test : test.skip;
if (!hasBrowser) {
  process.stderr.write(`skipped: the HTML report in a browser (${CHROMIUM} does not exist; set CHROMIUM)\n`);
}

const folder = temporaryFolder('audit-browser');
const path = join(folder, 'audit.html');
const requests: string[] = [];
/** Messages on the console and errors of scripts. */
const consoleMessages: string[] = [];
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  if (!hasBrowser) return;

  const names = ['web 10', 'web 9', HOSTILE, 'db'];
  const changes: SnapshotChange[] = [
    { options: { HttpTokens: 'required' } },
    {},
    { tags: { 'aws:autoscaling:groupName': HOSTILE } },
    { tags: { 'imdsv2:exempt-until': '2026-12-01', 'imdsv2:exempt-reason': HOSTILE } },
  ];
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const change = changes[index % 4];
    const tags = { Name: names[index % 4] ?? '', ...change?.tags };
    return auditRow({ ...change, instanceId: instanceId(index), tags }, REGIONS[index % 2]);
  });
  const report = htmlReport(path);
  report.add(rows);
  report.end(auditOf(rows, new Map(), REGIONS));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    // Caches and certificates of the browser.
    env: { ...process.env, HOME: folder, TMPDIR: folder },
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({ offline: true });
  page = await context.newPage();
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => consoleMessages.push(message.text()));
  page.on('pageerror', (error) => consoleMessages.push(error.message));
  await page.goto(pathToFileURL(path).href);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** The visible texts of a column. */
const column = (number: number): Promise<string[]> => page.locator(`#rows td:nth-child(${number})`).allInnerTexts();

const sortBy = (heading: string): Promise<void> => page.getByRole('button', { name: heading, exact: true }).click();

browserTest('charts have a bar for each region and launch source, divided by share', async () => {
  expect(await page.locator('svg').count()).toBe(4);
  const widths = async (verdict: string) =>
    Promise.all(
      (await page.locator(`svg >> nth=0 >> rect.v-${verdict}`).all()).map(
        async (bar) => (await bar.boundingBox())?.width,
      ),
    );
  const [nonCompliant = 0] = await widths('non-compliant');
  const [compliant = 0] = await widths('compliant');
  expect(nonCompliant).toBeGreaterThan(20);
  expect(compliant / nonCompliant).toBeCloseTo(1, 1);
  const bars = "[...document.querySelectorAll('svg rect')]";
  const fills = await page.evaluate(`[...new Set(${bars}.map((bar) => getComputedStyle(bar).fill))]`);
  expect(fills).toHaveLength(4); // non-compliant, compliant, exempt and the background
});

browserTest('the worst rows come first, and a click on a heading sorts by it', async () => {
  expect(new Set(await column(1))).toEqual(new Set(['IMDSv1 enabled']));
  await sortBy('Name');
  expect((await column(4)).slice(0, 75)).toEqual(Array.from({ length: 75 }, () => HOSTILE));
  await sortBy('Name');
  // Numbers in names are sorted by value.
  expect(new Set(await column(4))).toEqual(new Set(['web 10', 'web 9']));
  expect((await column(4))[0]).toBe('web 10');
  expect(await page.locator('th[aria-sort=descending]').innerText()).toMatch(/^Name/);
  await sortBy('Verdict');
});

browserTest('the table can be searched, filtered and paged', async () => {
  expect(await page.locator('#position').innerText()).toBe('1–100 of 300');
  await page.getByRole('button', { name: 'Next' }).click();
  expect(await page.locator('#position').innerText()).toBe('101–200 of 300');
  await page.getByRole('button', { name: 'Next' }).click();
  expect(await page.locator('#position').innerText()).toBe('201–300 of 300');
  expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
  await page.getByLabel('Verdict', { exact: true }).selectOption({ label: 'exempt' });
  expect(await page.locator('#position').innerText()).toBe('1–75 of 75');
  expect((await column(7))[0]).toBe(`until 2026-12-01: ${HOSTILE}`);
  await page.getByLabel('Search').fill('nothing like it');
  expect(await page.locator('#position').innerText()).toBe('none');
  await page.getByLabel('Search').fill('');
  await page.getByLabel('Verdict', { exact: true }).selectOption({ label: 'all verdicts' });
});

browserTest('the table is filtered by Region, launch source and verdict together', async () => {
  const position = () => page.locator('#position').innerText();
  const select = (label: string, option: string) =>
    page.getByLabel(label, { exact: true }).selectOption({ label: option });
  await select('Region', 'us-east-1');
  expect(await position()).toBe('1–100 of 150');
  expect(new Set(await column(2))).toEqual(new Set(['us-east-1']));
  await select('Launch source', 'No launch source tag');
  expect(await position()).toBe('1–100 of 150');
  await select('Region', 'eu-west-1');
  await select('Launch source', `Auto Scaling group ${HOSTILE}`);
  expect(await position()).toBe('1–75 of 75');
  await select('Verdict', 'compliant');
  expect(await position()).toBe('none');
  for (const label of ['Region', 'Launch source', 'Verdict'])
    await page.getByLabel(label, { exact: true }).selectOption({ index: 0 });
  expect(await position()).toBe('1–100 of 300');
});

browserTest.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  // The page's own policy forbids other scripts, so that it is checked in a copy without one.
  const copy = await page.context().newPage();
  const html = readFileSync(path, 'utf8').replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
  await copy.emulateMedia({ colorScheme });
  await copy.setContent(html);
  await copy.locator('summary').first().click();
  await copy.evaluate(axe.source);
  const { violations } = await copy.evaluate<AxeResults>('axe.run()');
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))])).toEqual([]);
  await copy.close();
  await page.emulateMedia({ colorScheme: 'light' });
});

browserTest('every launch source can be expanded to show its fix', async () => {
  const command = page.getByText('imdsv2 prevent defaults --region us-east-1');
  expect(await command.isVisible()).toBe(false);
  await page.locator('summary', { hasText: 'No launch source tag' }).first().click();
  expect(await command.isVisible()).toBe(true);
});

browserTest('untrusted input is shown as text', async () => {
  expect(await page.getByText(HOSTILE).count()).toBeGreaterThan(60);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toBe(
    'IMDSv2 compliance report 111122223333 (prod) 2026-11-22: all instances in eu-west-1, us-east-1',
  );
});

browserTest('it is readable in dark and light', async () => {
  const colours = async (colorScheme: 'dark' | 'light') => {
    await page.emulateMedia({ colorScheme });
    return page.evaluate('[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]');
  };
  const [light, dark] = [await colours('light'), await colours('dark')];
  expect(light).toEqual(['rgb(27, 35, 48)', 'rgb(246, 247, 249)']);
  expect(dark).toEqual(['rgb(230, 234, 240)', 'rgb(17, 21, 27)']);
});

browserTest('it fits a phone: nothing is wider than the screen, and no text is smaller than 12 px', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  const texts = "[...document.querySelectorAll('.bar *, .tile *, dl *, summary *, td, th button')]";
  const smallest = `Math.min(...${texts}.map((each) => parseFloat(getComputedStyle(each).fontSize)))`;
  expect(await page.evaluate(smallest)).toBeGreaterThanOrEqual(12);
  // No text is in a picture, which would shrink with it.
  expect(await page.locator('svg text').count()).toBe(0);
  await page.setViewportSize({ width: 1280, height: 720 });
});

browserTest('on paper it has every row, every column, every fix and the legend, also after a dark screen', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  const text = pdfText(await page.pdf({ preferCSSPageSize: true }));
  const ids = Array.from({ length: ROWS }, (_, index) => instanceId(index));
  expect(ids.filter((id) => !text.includes(id))).toEqual([]);
  for (const label of ['IMDSv1 enabled', 'AWS-managed', 'compliant', `${ROWS} of ${ROWS}`])
    expect(text).toContain(label);
  for (const fix of ['imdsv2 prevent defaults --region us-east-1', 'names no launch template, and its launch'])
    expect(text).toContain(fix);
  // The heads of the table are on each of its pages.
  expect(text.match(/Exemption/g)?.length).toBeGreaterThan(5);
  // The screen is as before.
  expect(await page.locator('#rows tr').count()).toBe(100);
  expect(await page.locator('details:not([open])').count()).toBeGreaterThan(0);
  await page.emulateMedia({ media: 'print' });
  const legend = "getComputedStyle(document.querySelector('.tile .swatch')).printColorAdjust";
  expect(await page.evaluate(legend)).toBe('exact');
  // No column is cut.
  const overflow = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.scroll'))";
  expect(await page.evaluate(overflow)).toBe(0);
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
});

browserTest('the page loads nothing and has no errors', () => {
  expect(requests).toEqual([pathToFileURL(path).href]);
  expect(consoleMessages).toEqual([]);
});

browserTest('the content security policy blocks other scripts', async () => {
  await page.evaluate(`
    const script = document.createElement('script');
    script.textContent = 'document.title = "run"';
    document.body.append(script);
  `);
  expect(await page.title()).not.toBe('run');
  expect(consoleMessages.join('\n')).toContain('Content Security Policy');
});

browserTest('the use of IMDSv1 has a column if it was measured', async () => {
  expect(await page.locator('#instances th').count()).toBe(7);
  expect(await page.locator('#rows tr').first().locator('td').count()).toBe(7);
  const inUse = (count: number): Usage => ({ kind: 'in-use', count, callsPerDay: count / 14, lastSeen: NOW });
  const unused: Usage = { kind: 'unused', hours: 336 };
  const measured = [undefined, inUse(295), unused, inUse(2939), { kind: 'unknown', why: 'stopped' } as const, inUse(3)];
  const rows = measured.map((usage, index) => ({ ...auditRow({ instanceId: instanceId(index) }), usage }));
  const report = htmlReport(path);
  report.add(rows);
  const usage = { lookBackDays: 14, minimumAgeDays: 1, metricsRequested: 1, errors: new Map<string, string>() };
  report.end({ ...auditOf(rows), usage });
  await page.goto(pathToFileURL(path).href);
  await sortBy('IMDSv1 usage');
  expect(await column(8)).toEqual([
    '',
    'unused: no call without a token in 14 days of data',
    'unknown: not running',
    ...['3 calls', '295 calls', '2,939 calls'].map((calls): unknown => expect.stringContaining(`in use: ${calls} `)),
  ]);
});
