import { appendFileSync, writeFileSync } from 'node:fs';
import { csvCell } from '../../lambda/core/text.ts';
import { dailyCalls, usageNote } from '../../lambda/core/words/usage.ts';
import { exemptionNote } from '../../lambda/core/words/compliance.ts';
import { LAUNCH_SOURCE_LABELS } from '../../lambda/core/words/launch-source.ts';
import type { AuditRow } from './row.ts';
import { regionGap, type Report } from './summary.ts';

type Cell = string | number | undefined;

const COLUMNS: readonly (readonly [heading: string, of: (row: AuditRow) => Cell])[] = [
  ['region', ({ region }) => region],
  ['instance_id', ({ instanceId }) => instanceId],
  ['name', ({ name }) => name],
  ['verdict', ({ verdict }) => verdict],
  ['state', ({ state }) => state],
  ['http_tokens', ({ options }) => options.HttpTokens],
  ['http_endpoint', ({ options }) => options.HttpEndpoint],
  ['hop_limit', ({ options }) => options.HttpPutResponseHopLimit],
  ['options_state', ({ options }) => options.State],
  ['exemption', ({ exemption }) => (exemption.kind === 'none' ? '' : exemption.kind)],
  ['exempt_until', ({ exemption }) => ('until' in exemption ? exemption.until : undefined)],
  ['exemption_note', ({ exemption }) => exemptionNote(exemption)],
  ['launch_source_kind', ({ group }) => LAUNCH_SOURCE_LABELS[group.kind]],
  ['launch_source', ({ group }) => group.name],
  ['launch_time', ({ launchTime }) => launchTime?.toISOString()],
  ['first_launch', ({ firstLaunch }) => firstLaunch?.toISOString()],
  ['imdsv1_usage', ({ usage }) => usage?.kind],
  ['imdsv1_calls_per_day', ({ usage }) => (usage?.kind === 'in-use' ? dailyCalls(usage.callsPerDay) : undefined)],
  ['imdsv1_last_seen', ({ usage }) => (usage?.kind === 'in-use' ? usage.lastSeen.toISOString() : undefined)],
  ['imdsv1_usage_note', ({ usage }) => usage && usageNote(usage)],
];

/** Without it, Excel reads a CSV file in the code page of the computer. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * A CSV file with one line per instance, as in RFC 4180. Lines are appended page by page.
 *
 * A Region that could not be read has a line without an instance id, so that no sum looks complete.
 */
export function csvReport(path: string, account = ''): Report {
  writeFileSync(path, BYTE_ORDER_MARK + line(['account', ...COLUMNS.map(([heading]) => heading)]));
  return {
    add: (rows) => {
      const lines = rows.map((row) => line([account, ...COLUMNS.map(([, of]) => of(row))]));
      appendFileSync(path, lines.join(''));
    },
    end: ({ byRegion }) => {
      const gaps = byRegion.flatMap((region) => {
        const gap = regionGap(region);
        return gap === undefined ? [] : line([account, region.region, '', '', gap, ...COLUMNS.slice(4).map(() => '')]);
      });
      appendFileSync(path, gaps.join(''));
    },
  };
}

// RFC 4180 ends lines with CR LF.
const line = (cells: readonly Cell[]): string => `${cells.map((cell) => csvCell(String(cell ?? ''))).join(',')}\r\n`;
