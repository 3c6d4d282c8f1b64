import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { testEvents } from '../../cli/test-alert/alerts.ts';
import { messagesOf } from '../../lambda/app/notify/deliver.ts';
import type { Message } from '../../lambda/core/message.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { mailboxPage } from '../../sandbox/aws/sns/mailbox.ts';
import { temporaryFolder } from '../../sandbox/temporary-folder.ts';
import { ACCOUNT, instanceId, NOW, outcome, REGION, snapshot, target } from '../support/builders.ts';

/**
 * Every kind of alert as a mail client shows it, in a proportional font on a telephone and on a screen.
 *
 * With SCREENSHOTS=<folder> it writes pictures.
 */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const hasBrowser = existsSync(CHROMIUM);
const browserTest = hasBrowser ? test : test.skip;
if (!hasBrowser) {
  process.stderr.write(`skipped: the alerts in a browser (${CHROMIUM} does not exist; set CHROMIUM)\n`);
}

const OPTIONS = { maxExemptionDays: 90 };
const ONE_GROUP = Array.from({ length: 25 }, (_, index) =>
  toOutcomeDetail(
    outcome({
      target: target({ instanceId: instanceId(index) }),
      snapshot: snapshot({
        instanceId: instanceId(index),
        tags: { Name: `checkout-${index}`, 'aws:autoscaling:groupName': 'checkout', Owner: 'team-checkout' },
        instanceProfile: `arn:aws:iam::${ACCOUNT}:instance-profile/checkout`,
        publicAddresses: [`203.0.113.${index}`],
        vpcId: 'vpc-0a1b2c3d4e5f60741',
      }),
    }),
    'Owner',
  ),
);
const events = testEvents({ account: ACCOUNT, region: REGION, partition: 'aws' }, OPTIONS, NOW);
const KINDS: readonly (readonly [string, readonly Message[]])[] = [
  ...events.map(({ detail }): readonly [string, readonly Message[]] => [
    'status' in detail ? `${detail.trigger}-${detail.status}` : detail.schema.replace(/^.*\.(.*)\/v1$/, '$1'),
    messagesOf([detail], OPTIONS, NOW),
  ]),
  ['one-group', messagesOf(ONE_GROUP, OPTIONS, NOW)],
];

const folder = process.env.SCREENSHOTS;
let browser: Browser | undefined;

beforeAll(async () => {
  if (!hasBrowser) return;
  const home = temporaryFolder('alerts-browser');
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    env: { ...process.env, HOME: home, TMPDIR: home },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
}, 60_000);
afterAll(() => browser?.close());

describe.each([390, 1_000])('at %i px', (width) => {
  browserTest.each(KINDS)(
    '%s fits, without a line that must be scrolled to',
    async (name, messages) => {
      const page = await browser?.newPage({ viewport: { width, height: 800 } });
      if (page === undefined) throw new Error('no browser');
      const mails = messages.map(({ subject, email: body }) => ({
        at: NOW.getTime(),
        email: { from: 'IMDSv2 enforcer <no-reply@sns.amazonaws.com>', subject, body },
      }));
      await page.setContent(mailboxPage(mails));
      const [scrollWidth, font] = await page.evaluate<[number, string]>(
        '[document.documentElement.scrollWidth, getComputedStyle(document.body).fontFamily]',
      );
      expect(scrollWidth).toBeLessThanOrEqual(width);
      expect(font).not.toMatch(/mono|courier/i);
      expect(await page.locator('article').innerText()).toContain(messages[0]?.email.split('\n').at(-1));
      if (folder !== undefined) {
        writeFileSync(join(folder, `${name}-${width}.png`), await page.screenshot({ fullPage: true }));
      }
      await page.close();
    },
    30_000,
  );
});
