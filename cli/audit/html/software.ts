import { htmlText } from '../../../lambda/core/text.ts';
import { count, plural } from '../../../lambda/core/words/format.ts';
import { bySoftware, instanceLabel, type SoftwareUse, usesOf } from '../../callers/by-software.ts';
import { callsNote, LIMITS } from '../../callers/words.ts';
import { type Audit, usageTotals } from '../summary.ts';

/** The longest sentence or command; the names in it have been shortened before. */
const LONG = 4_000;

/** How many instances of a program are named. */
const LISTED = 20;

/** What was measured: how many instances use IMDSv1, and which software on them does. */
export function usageSection(audit: Audit): string {
  const { usage, callers } = audit;
  if (usage === undefined) return '';
  const software = callers === undefined ? '' : softwareOf(callers);
  return `<section class="card" id="usage"><h2>IMDSv1 usage of non-compliant instances</h2>
<p>In the ${htmlText(usageTotals(audit, usage))}.</p>${software}</section>`;
}

function softwareOf(callers: NonNullable<Audit['callers']>): string {
  const programs = bySoftware(usesOf(callers));
  const limits = `<p class="dim">${LIMITS.map((sentence) => htmlText(sentence, LONG)).join(' ')}</p>`;
  if (programs.length === 0)
    return `<p>No call to AWS with credentials of IMDSv1 on the ${count(callers.length)} busiest instances.</p>${limits}`;
  return `<h3>Software that uses it, on the ${count(callers.length)} busiest instances</h3>${programs.map(toProgram).join('\n')}${limits}`;
}

function toProgram({ title, diagnosis, commands, uses, ...calls }: SoftwareUse): string {
  const names = uses.slice(0, LISTED).map(({ instance }) => htmlText(instanceLabel(instance)));
  const more = uses.length > LISTED ? ` and ${count(uses.length - LISTED)} more` : '';
  return `<details><summary><b>${count(uses.length)}</b><span class="name">${htmlText(title)}</span><span class="dim">${plural(calls.calls, 'call')}</span></summary>
<div class="fix">${htmlText(diagnosis, LONG)}<br><span class="dim">${htmlText(callsNote(calls), LONG)}; ${names.join(', ')}${more}</span>${commands.map((command) => `<pre>${htmlText(command, LONG)}</pre>`).join('')}</div></details>`;
}
