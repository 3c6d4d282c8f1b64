import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { main as imdsv2 } from '../../../cli/main.ts';
import { terminal } from '../../../cli/common/io.ts';
import { startSandbox } from '../../../sandbox/index.ts';
import { temporaryFolder } from '../../../sandbox/temporary-folder.ts';

const SIZE = { width: 1240, height: 760 };
const AT = new Date('2026-11-22T12:00:00Z');

/** The audit page of 200 instances, as a screenshot in each theme. */
export async function auditPages(executablePath: string): Promise<Readonly<Record<'light' | 'dark', Uint8Array>>> {
  const before = process.cwd();
  const folder = temporaryFolder('audit-picture');
  const sandbox = await startSandbox({ fleet: 200, regions: ['us-east-1', 'eu-west-1'], seed: 'local', startAt: AT });
  const browser = await chromium.launch({
    executablePath,
    env: { ...process.env, HOME: folder, TMPDIR: folder },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    Object.assign(process.env, sandbox.environment());
    // The page has the command, and in it the path.
    process.chdir(folder);
    const io = terminal(process, new AbortController().signal);
    await imdsv2(['audit', '--regions', 'us-east-1,eu-west-1', '--html', 'audit.html'], {
      ...io,
      out: () => undefined,
      verbatim: () => undefined,
      note: () => undefined,
      now: () => AT,
    });
    const shot = async (colorScheme: 'light' | 'dark') => {
      const page = await browser.newPage({ viewport: SIZE, colorScheme });
      await page.goto(pathToFileURL(join(folder, 'audit.html')).href);
      return page.screenshot();
    };
    return { light: await shot('light'), dark: await shot('dark') };
  } finally {
    await browser.close();
    await sandbox.stop();
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}
