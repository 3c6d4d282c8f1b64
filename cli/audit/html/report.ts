import { writeFileSync } from 'node:fs';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import type { Usage } from '../../../lambda/core/usage.ts';
import { usageNote } from '../../../lambda/core/words/usage.ts';
import { exemptionNote, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';
import { launchSourceLabel } from '../../../lambda/core/words/launch-source.ts';
import type { Report } from '../summary.ts';
import { toPage } from './page.ts';

/** A self-contained HTML page. Instances stay in memory in a compact form until the end. */
export function htmlReport(path: string): Report {
  const pages: string[] = [];
  const [regions, launchSources] = [new Map<string, number>(), new Map<string, number>()];
  return {
    add: (rows) => {
      const lines = rows.map(({ verdict, region, instanceId, name = '', state, group, exemption, usage }) =>
        inScript([
          VERDICTS.indexOf(verdict),
          numberIn(regions, region),
          instanceId,
          name,
          state,
          numberIn(launchSources, launchSourceLabel(group)),
          exemptionNote(exemption),
          ...(usage === undefined ? [] : [usageNote(usage), orderOf(usage)]),
        ]),
      );
      if (lines.length > 0) pages.push(lines.join(',\n'));
    },
    end: (audit) => {
      const verdicts = VERDICTS.map((name) => VERDICT_LABELS[name]);
      const lists = inScript({ verdicts, regions: [...regions.keys()], launchSources: [...launchSources.keys()] });
      writeFileSync(path, toPage(audit, `${lists.slice(0, -1)},"rows":[\n${pages.join(',\n')}\n]}`));
    },
  };
}

/** What the column of IMDSv1 usage is sorted by: the number of calls, unknown above unused. */
function orderOf(usage: Usage): number {
  if (usage.kind === 'in-use') return usage.count;
  return usage.kind === 'unknown' ? 0 : -1;
}

/** JSON that cannot end a `script` element or start a comment in it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** The number that stands for a text that repeats. */
function numberIn(numbers: Map<string, number>, text: string): number {
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  return number;
}
