import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { htmlReport } from '../../cli/audit/html/report.ts';
import { jsonReport } from '../../cli/audit/json.ts';
import type { AuditRow } from '../../cli/audit/row.ts';
import type { Report } from '../../cli/audit/summary.ts';
import { tableReport } from '../../cli/audit/table.ts';
import { type AuditJson, auditOf, auditRow, exemptFor, HEAD, hostileRow } from '../support/audit.ts';
import { ACCOUNT, REGION } from '../support/builders.ts';
import { hostileText, INVISIBLE, NASTY } from '../support/hostile.ts';
import { recordingIo } from '../support/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-reports-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'report');

/** Writes a report of some pages. */
function write(report: Report, pages: readonly (readonly AuditRow[])[], errors = new Map<string, string>()): void {
  for (const page of pages) report.add(page);
  report.end(auditOf(pages.flat(), errors));
}

function jsonOf(...pages: readonly (readonly AuditRow[])[]): AuditJson {
  const { io, out } = recordingIo();
  write(jsonReport(HEAD, io), pages);
  return JSON.parse(out.join('\n')) as AuditJson;
}

function htmlOf(pages: readonly (readonly AuditRow[])[], errors?: Map<string, string>): string {
  write(htmlReport(path), pages, errors);
  return readFileSync(path, 'utf8');
}

function tableOf(...pages: readonly (readonly AuditRow[])[]): string[] {
  const { io, out } = recordingIo();
  write(tableReport(10, io), pages);
  return out;
}

describe('JSON', () => {
  test('is one document, also without instances', () => {
    expect(jsonOf()).toMatchObject({ instances: [], total: { instances: 0, findings: 0 }, launchSources: [] });
    expect(jsonOf().total).not.toHaveProperty('compliance');
  });

  test('has the documented fields', () => {
    const row = auditRow({
      tags: {
        Name: 'web',
        'aws:cloudformation:stack-name': 'shop',
        'aws:cloudformation:logical-id': 'Web',
        'imdsv2:exempt-until': 'soon',
      },
    });
    const compliance = {
      instances: 1,
      findings: 1,
      assessed: 1,
      compliance: 0,
      compliancePercent: 0,
      counts: {
        'non-compliant': 1,
        unreadable: 0,
        pending: 0,
        exempt: 0,
        'imds-off': 0,
        'aws-managed': 0,
        compliant: 0,
      },
    };
    expect(jsonOf([row])).toEqual({
      schema: 'imdsv2-enforcer.audit/v1',
      account: ACCOUNT,
      at: '2026-11-22T12:00:00.000Z',
      maxExemptionDays: 90,
      provenance: expect.objectContaining({ version: HEAD.version }),
      instances: [
        {
          region: REGION,
          instanceId: 'i-0a1b2c3d4e5f60718',
          name: 'web',
          state: 'running',
          verdict: 'non-compliant',
          exemption: { kind: 'malformed', value: 'soon' },
          options: {
            HttpTokens: 'optional',
            HttpEndpoint: 'enabled',
            HttpPutResponseHopLimit: 1,
            HttpProtocolIpv6: 'disabled',
            InstanceMetadataTags: 'disabled',
            State: 'applied',
          },
          launchTime: '2026-11-22T11:59:20.000Z',
          firstLaunch: '2026-11-22T11:59:20.000Z',
          launchSource: { kind: 'cloudformation-stack', name: 'shop', stackName: 'shop', stackLogicalId: 'Web' },
          containerHost: false,
        },
      ],
      total: compliance,
      regions: [{ region: REGION, ...compliance }],
      launchSources: [
        {
          region: REGION,
          kind: 'cloudformation-stack',
          name: 'shop',
          ...compliance,
          fix: {
            text: expect.stringContaining('stack shop, resource Web'),
            commands: [],
            inCode: { CloudFormation: expect.any(String), CDK: expect.any(String) },
          },
        },
      ],
    });
  });

  test('has no invisible characters, for any untrusted text', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const { instances } = jsonOf([hostileRow(text)]);
        expect(JSON.stringify(instances)).not.toMatch(INVISIBLE);
      }),
    );
  });
});

describe('HTML', () => {
  const html = htmlOf([[auditRow()]]);

  test('makes no requests, and has a content security policy with hashes', () => {
    expect(html).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'">/,
    );
    expect(html).not.toMatch(/\s(src|href|style|on\w+)=/);
    expect(html).not.toMatch(/https?:|url\(|@import|innerHTML|insertAdjacentHTML|document\.write/);
  });

  test('has charts of regions and launch sources that need no script', () => {
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).toContain('</i>1 IMDSv1 enabled</span>');
  });

  test('starts each bar with compliant and ends it with non-compliant instances', () => {
    const page = htmlOf([[auditRow(), auditRow({ options: { HttpTokens: 'required' } }), exemptFor('agent')]]);
    const [bar = ''] = /<svg .*?<\/svg>/s.exec(page) ?? [];
    expect(bar.match(/rect class="v-[\w-]+/g)).toEqual(
      ['compliant', 'exempt', 'non-compliant'].map((name) => `rect class="v-${name}`),
    );
  });

  test('has the complete fix of each launch source', () => {
    const tags = { 'aws:autoscaling:groupName': 'web', 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718' };
    const page = htmlOf([[auditRow({ tags })]]);
    expect(page).toContain('--template &#39;lt-0a1b2c3d4e5f60718&#39;</pre>');
    expect(page).toContain(
      '<b>Terraform</b> <code>aws_launch_template: metadata_options { http_tokens = &quot;required&quot; }',
    );
  });

  test('lists regions that could not be read', () => {
    expect(html).not.toContain('Incomplete');
    const page = htmlOf([[auditRow()]], new Map([[REGION, 'denied by <b>']]));
    expect(page).toContain(`<b>${REGION}</b>: denied by &lt;b&gt;`);
  });

  test('is valid without instances', () => {
    const page = htmlOf([]);
    expect(page).toContain('0 instances in 1 Region');
    expect(dataOf(page).rows).toEqual([]);
    expect(page).not.toContain('NaN');
  });

  test('has the same elements for any untrusted text', () => {
    const elements = (page: string) => withoutData(page).match(/<[^>]*>/g);
    const expected = elements(htmlOf([[hostileRow('text')]]));
    fc.assert(
      fc.property(
        hostileText().filter((text) => text !== ''),
        (text) => {
          const page = htmlOf([[hostileRow(text)]]);
          expect(elements(page)).toEqual(expected);
          expect(page.match(/<\/script/gi)).toHaveLength(2);
          expect(dataOf(page).rows).toHaveLength(1);
        },
      ),
    );
  });

  function withoutData(page: string): string {
    return page.replace(/(<script type="application\/json" id="data">).*?(<\/script>)/s, '$1$2');
  }

  function dataOf(page: string): { rows: unknown[][] } {
    return JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as { rows: unknown[][] };
  }
});

describe('table', () => {
  test.each(NASTY.map((text) => [JSON.stringify(text), text]))('has no invisible characters of %s', (_, text) => {
    const lines = tableOf([hostileRow(text), exemptFor(text)]);
    expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
  });

  test('lists unreadable instances and partially read regions', () => {
    const { io, out } = recordingIo();
    write(tableReport(10, io), [[auditRow({ options: { HttpTokens: undefined } })]], new Map([[REGION, 'denied']]));
    expect(out).toContainEqual(expect.stringMatching(/^eu-west-1 .* partially read$/));
    expect(out).toContain('Unreadable metadata options: 1');
  });

  test('lists invalid exemptions only if there are any', () => {
    const late = auditRow({ tags: { 'imdsv2:exempt-until': '2026-11-01' } });
    expect(tableOf([auditRow(), late])).toContain('Invalid or expired exemptions: 1');
    expect(tableOf([auditRow()]).join('\n')).not.toContain('exemptions');
  });

  test('prints nothing if no region could be read', () => {
    const { io, out } = recordingIo();
    write(tableReport(10, io), [], new Map([[REGION, 'denied']]));
    expect(out).toEqual([]);
  });

  test('has no empty sections', () => {
    const lines = tableOf([auditRow({ options: { HttpTokens: 'required' } })]);
    expect(lines[0]).toBe('Account 111122223333 (prod): 1 instance, compliance 100.0% of 1');
    // What was audited is on three lines.
    expect(lines.slice(4)).toEqual([
      '',
      'region     instances  IMDSv1 enabled  compliant   compliance',
      'eu-west-1          1               0          1  100.0% of 1',
    ]);
  });
});
