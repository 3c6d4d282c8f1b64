import { writeFileSync } from 'node:fs';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { usageNote } from '../../../lambda/core/words/usage.ts';
import { exemptionNote, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';
import { launchSourceLabel } from '../../../lambda/core/words/launch-source.ts';
import type { Report } from '../report.ts';
import type { AuditRow } from '../row.ts';
import type { Audit } from '../summary.ts';
import { toPage } from './page.ts';

/** A self-contained HTML page. Instances stay in memory in a compact form until the end. */
export class HtmlReport implements Report {
  readonly #path: string;
  readonly #rows: string[] = [];
  readonly #regions = new Index();
  readonly #launchSources = new Index();

  public constructor(path: string) {
    this.#path = path;
  }

  public add(rows: readonly AuditRow[]): void {
    const lines = rows.map(({ verdict, region, instanceId, name = '', state, group, exemption, usage }) =>
      inScript([
        VERDICTS.indexOf(verdict),
        this.#regions.of(region),
        instanceId,
        name,
        state,
        this.#launchSources.of(launchSourceLabel(group)),
        exemptionNote(exemption),
        ...(usage === undefined ? [] : [usageNote(usage)]),
      ]),
    );
    if (lines.length > 0) this.#rows.push(lines.join(',\n'));
  }

  public end(audit: Audit): void {
    const verdicts = VERDICTS.map((name) => VERDICT_LABELS[name]);
    const lists = inScript({ verdicts, regions: this.#regions.names, launchSources: this.#launchSources.names });
    const data = `${lists.slice(0, -1)},"rows":[\n${this.#rows.join(',\n')}\n]}`;
    writeFileSync(this.#path, toPage(audit, data));
  }
}

/** JSON that cannot end a `script` element or start a comment in it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** Numbers for texts that repeat. */
class Index {
  readonly #numbers = new Map<string, number>();

  public of(name: string): number {
    const number = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }

  public get names(): readonly string[] {
    return [...this.#numbers.keys()];
  }
}
