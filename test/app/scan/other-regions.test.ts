import type { ScanRules } from '../../../lambda/app/scan/rules.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { DAILY, old, rules, RUN, scanWorld, runStep } from '../../support/scan.ts';

const NOT_MONITORED = 'the region has no EventBridge rule';
/** Rules of a deployment whose home region is not the region of the run. */
const otherRegion = (over: Partial<ScanRules> = {}) => rules({ existing: 'audit', homeRegion: 'us-east-1', ...over });
const summaryStep = (run = RUN) => ({ ...run, step: 'summary', requestedIds: [] }) as const;

describe('a region that forwards its events', () => {
  const forwarding = otherRegion({ forwarders: [REGION] });

  it('is checked in every run, even without instances, for the alarm in the home region', async () => {
    const ports = scanWorld();
    await runStep(summaryStep(), forwarding, ports);
    ports.problems.push(NOT_MONITORED, '2 events did not reach the home region');
    await runStep(summaryStep(), forwarding, ports);

    expect(ports.forwarderProblems).toEqual([0, 2]);
    expect(ports.published).toEqual([]);
  });

  it('is reported once a day', async () => {
    const ports = scanWorld();
    ports.problems.push(NOT_MONITORED);
    await runStep(summaryStep(DAILY), forwarding, ports);
    expect(ports.digests()).toMatchObject([
      { attributes: { severity: 'MEDIUM' }, json: { problems: [NOT_MONITORED] } },
    ]);
  });
});

describe('a region outside the setting regions', () => {
  it('with instances is reported as not monitored in the daily digest, without an alarm', async () => {
    const ports = scanWorld([old(instanceId(1), { options: { HttpTokens: 'required' } })]);
    ports.problems.push(NOT_MONITORED);
    await runStep(summaryStep(DAILY), otherRegion(), ports);
    expect(ports.digests()).toMatchObject([{ json: { problems: [NOT_MONITORED] } }]);
    expect(ports.digests()[0]?.email).toContain(NOT_MONITORED);
    expect(ports.forwarderProblems).toEqual([]);
  });

  it.each([
    ['without instances', [], DAILY],
    ['whose daily digest was sent', [old(instanceId(1))], RUN],
  ] as const)('%s is not checked', async (_, instances, run) => {
    const ports = scanWorld(instances);
    ports.problems.push(NOT_MONITORED);
    await runStep(summaryStep(run), otherRegion(), ports);
    expect(ports.published).toEqual([]);
    expect(ports.calls.filter((call) => call.startsWith('healthChecks'))).toEqual([]);
  });
});
