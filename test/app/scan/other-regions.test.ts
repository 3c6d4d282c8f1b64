import type { ScanRules } from '../../../lambda/app/scan/rules.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, rules, RUN, scanWorld, runStep } from '../../support/scan.ts';

const NOT_MONITORED = 'the region has no EventBridge rule';
/** Rules of a deployment whose home region is not the region of the run. */
const otherRegion = (over: Partial<ScanRules> = {}) => rules({ existing: 'audit', homeRegion: 'us-east-1', ...over });
const summaryStep = (run = RUN) => ({ ...run, step: 'summary', requestedIds: [] }) as const;

describe('a region that forwards its events', () => {
  const forwarding = otherRegion({ forwarders: [REGION] });

  it('is not checked in other runs: that is done every 15 minutes', async () => {
    const ports = scanWorld();
    ports.problems.push(NOT_MONITORED);
    await runStep(summaryStep(), forwarding, ports);
    expect(ports.published).toEqual([]);
  });

  it('has a digest that says so if its instances may not be described, and is not complete', async () => {
    const ports = scanWorld([old(instanceId(1))]);
    ports.problems.push('eu-west-1 is not visible from here');
    ports.fail('list', failure('denied'), failure('denied'));
    await runStep({ ...DAILY, step: 'region' }, forwarding, ports);
    await runStep(summaryStep(DAILY), forwarding, ports);
    const [digest] = ports.digests();
    expect(digest?.subject).toContain('not visible from here');
    expect(digest?.json).toMatchObject({ notVisible: true, severity: 'MEDIUM' });
    expect(ports.completed).toEqual([]);
    expect(ports.queued.map((step) => JSON.parse(step) as object)).toMatchObject([{ detail: { step: 'summary' } }]);
  });

  it('is reported once a day', async () => {
    const ports = scanWorld();
    ports.problems.push(NOT_MONITORED);
    await runStep(summaryStep(DAILY), forwarding, ports);
    expect(ports.digests()).toMatchObject([
      { attributes: { severity: 'MEDIUM' }, json: { problems: [`rules: ${NOT_MONITORED}`] } },
    ]);
  });
});

describe('a region outside the setting regions', () => {
  it('with instances is reported as not monitored in the daily digest, without an alarm', async () => {
    const ports = scanWorld([old(instanceId(1), { options: { HttpTokens: 'required' } })]);
    ports.unmonitored.push('drift');
    await runStep(summaryStep(DAILY), otherRegion(), ports);
    const problem = `${REGION} has no EventBridge rule for drift: changes there are found by the scheduled scan only`;
    expect(ports.digests()).toMatchObject([{ json: { problems: [problem] } }]);
    expect(ports.digests()[0]?.email).toContain(problem);
  });

  it.each([
    ['without instances', [], DAILY],
    ['whose daily digest was sent', [old(instanceId(1))], RUN],
  ] as const)('%s is not checked', async (_, instances, run) => {
    const ports = scanWorld(instances);
    ports.unmonitored.push('drift');
    await runStep(summaryStep(run), otherRegion(), ports);
    expect(ports.published).toEqual([]);
    expect(ports.calls.filter((call) => call.startsWith('unmonitored'))).toEqual([]);
  });
});
