import type { ScanRules } from '../../../lambda/app/scan/rules.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { DAILY, old, rules, RUN, scanWorld, take } from '../../support/scan.ts';

const SILENT = 'no rule listens there';
/** The region of the run is not the home region. */
const elsewhere = (over: Partial<ScanRules> = {}) => rules({ existing: 'audit', homeRegion: 'us-east-1', ...over });
const summaryStep = (run = RUN) => ({ ...run, step: 'summary', nonCompliantBefore: 0, requested: 0 }) as const;

describe('a region that sends its events home', () => {
  const forwarding = elsewhere({ forwarders: [REGION] });

  it('is looked at in each run, also where nothing runs: the alarm at home waits for the number', async () => {
    const ports = scanWorld();
    await take(summaryStep(), forwarding, ports);
    ports.off.push(SILENT, 'two events did not arrive');
    await take(summaryStep(), forwarding, ports);

    expect(ports.forwarderProblems).toEqual([0, 2]);
    expect(ports.published).toEqual([]);
  });

  it('and told once a day', async () => {
    const ports = scanWorld();
    ports.off.push(SILENT);
    await take(summaryStep(DAILY), forwarding, ports);
    expect(ports.digests()).toMatchObject([{ attributes: { severity: 'MEDIUM' }, json: { problems: [SILENT] } }]);
  });
});

describe('a region that nobody named', () => {
  it('instances run where no rule listens → the daily digest says so, and no alarm', async () => {
    const ports = scanWorld([old(instanceId(1), { options: { HttpTokens: 'required' } })]);
    ports.off.push(SILENT);
    await take(summaryStep(DAILY), elsewhere(), ports);
    expect(ports.digests()).toMatchObject([{ json: { problems: [SILENT] } }]);
    expect(ports.digests()[0]?.email).toContain(SILENT);
    expect(ports.forwarderProblems).toEqual([]);
  });

  it.each([
    ['nothing runs there', [], DAILY],
    ['it was told today', [old(instanceId(1))], RUN],
  ] as const)('%s → nobody asks', async (_, instances, run) => {
    const ports = scanWorld(instances);
    ports.off.push(SILENT);
    await take(summaryStep(run), elsewhere(), ports);
    expect(ports.published).toEqual([]);
    expect(ports.calls.filter((call) => call.startsWith('healthChecks'))).toEqual([]);
  });
});
