import { writeFileSync } from 'node:fs';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { usageNote } from '../../shared/usage.ts';
import { exemptionNote, launchSourceLabel, VERDICT_LABELS } from '../labels.ts';
import type { Report } from '../report.ts';
import type { AuditRow } from '../row.ts';
import type { Audit } from '../summary.ts';
import { toPage } from './page.ts';

/** One page for people, which needs no other file. Instances are kept in a compact form until the end. */
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

/** JSON that ends no `script` element and opens no comment in it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** Numbers instead of texts that come again and again. */
class Index {
  readonly #numbers = new Map<string, number>();

  public of(name: string): number {
    const known = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, known);
    return known;
  }

  public get names(): readonly string[] {
    return [...this.#numbers.keys()];
  }
}
