import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { architectureSvg } from '../../tools/docs/architecture-svg.ts';

const picture = (extension: string) =>
  readFileSync(join(import.meta.dirname, `../../docs/architecture.${extension}`), 'utf8');

describe('architectureSvg', () => {
  it('draws docs/architecture.svg from docs/architecture.dot (npm run docs:architecture)', async () => {
    expect(picture('svg')).toBe(await architectureSvg(picture('dot')));
  });

  it('has colours for light and dark themes, and needs neither a font file nor a script', () => {
    expect(picture('svg')).toContain('@media (prefers-color-scheme: dark)');
    expect(picture('svg')).not.toMatch(/<script|@import|url\(/);
  });
});
