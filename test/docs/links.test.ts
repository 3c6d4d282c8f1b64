import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const markdownIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => normalize(join(folder, name)));
const PAGES = ['.', 'docs', 'docs/adr'].flatMap(markdownIn);

/** The anchors that GitHub gives the headings of a page. */
const anchorsOf = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(PAGES)('%s', (page) => {
  const markdown = read(page);

  it('links to files and headings that exist', () => {
    const links = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => {
      if (/^https:/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object };
    const named = [...markdown.matchAll(/npm run (?:-s )?([a-z][a-z:0-9-]*)/g)].map(([, script = '']) => script);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });
});

describe('README.md', () => {
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;

  it('is read in five minutes', () => {
    const [page = ''] = read('README.md').split(/^## More$/m);
    expect(words(page)).toBeLessThanOrEqual(900);
    expect(words(read('README.md'))).toBeLessThanOrEqual(1400);
  });

  it('links to every page of the documentation', () => {
    for (const page of markdownIn('docs')) expect(read('README.md')).toContain(`(${page})`);
  });
});

describe('docs/runbook.md', () => {
  const headings = [...read('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

  it('has the headings that it refers to', () => {
    const named = [...read('docs/runbook.md').matchAll(/[^\w*]_([A-Z][^_\n]{8,})_/g)].map(([, heading]) => heading);
    expect(headings).toEqual(expect.arrayContaining(named));
  });

  it('has the headings that alerts and the command line refer to', () => {
    const folders = ['lambda/core', 'lambda/core/words', 'cli/doctor'];
    const sources = folders.flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => read(join(folder, name))),
    );
    const named = [...sources.join('\n').matchAll(/(?:runbook, "|See "|RUNBOOK = ')([A-Z][^"'$]+)["']/g)].map(
      ([, heading]) => heading,
    );
    expect(named.length).toBeGreaterThan(3);
    expect(headings).toEqual(expect.arrayContaining(named));
  });
});
