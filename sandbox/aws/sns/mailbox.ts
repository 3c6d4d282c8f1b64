import type { PublishedMessage } from './message.ts';

type Mail = Pick<PublishedMessage, 'at' | 'email'>;

/** The path of the mailbox at the endpoint. */
export const MAILBOX_PATH = '/_mail';

/** Mails as a page, newest first, in the proportional font in which mail clients show plain text. */
export function mailboxPage(mails: readonly Mail[]): string {
  const sorted = [...mails].sort((a, b) => b.at - a.at);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mailbox (${mails.length})</title>
<style>
body { margin: 0 auto; max-width: 60rem; padding: 0.5rem; font: 15px/1.45 Arial, Helvetica, sans-serif; color: #222; background: #f2f3f5; }
article { margin: 0 0 1rem; padding: 0.75rem 1rem; background: #fff; border: 1px solid #d5d8dc; border-radius: 4px; }
h2 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: 0 0 0.75rem; color: #667; font-size: 0.85rem; }
div { white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
<h1>Mailbox</h1>
${sorted.length === 0 ? '<p>No mail yet. Reload this page.</p>' : sorted.map(article).join('\n')}
</html>
`;
}

const article = ({ at, email: { from, subject, body } }: Mail): string =>
  `<article><h2>${escape(subject)}</h2><p>${escape(from)}, ${new Date(at).toISOString()}</p><div>${escape(body)}</div></article>`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
