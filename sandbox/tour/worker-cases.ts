import { DAY_MS } from '../calendar.ts';
import { type Case, compliant, nonCompliant } from './case.ts';
import { type CommandLine, runCommand } from './command-line.ts';

const MINUTE = 60_000;
const WORKERS = 50;
const GROUP = 'workers';
const DIGEST = 'imdsv2-enforcer.digest/v1';
const SDK = 'Boto3/1.7.84 Python/3.6.5 Linux/4.14 Botocore/1.10.84';

export const shortLivedWorkers = (imdsv2: CommandLine): Case => ({
  title: `${WORKERS} short-lived workers of an Auto Scaling group called IMDSv1 and are gone: the group is in use`,
  play: async (scenario) => {
    const { sandbox } = scenario;
    const { clock, software, usage } = sandbox;
    const now = clock.now();
    const ofGroup = (name: string) => ({ 'aws:autoscaling:groupName': name });
    for (let index = 0; index < WORKERS; index += 1) {
      const launchedAt = now - DAY_MS - index * 60 * MINUTE;
      const { id } = sandbox.fleet().add({
        state: 'terminated',
        launchedAt: new Date(launchedAt),
        terminatedAt: new Date(launchedAt + 20 * MINUTE),
        tags: ofGroup(GROUP),
      });
      const calledAt = new Date(launchedAt + 2 * MINUTE);
      usage.set(id, { callsPerDay: 1440, since: calledAt, lastSeen: calledAt });
    }
    const addUnused = (group: string) => {
      const launchedAt = new Date(now - 400 * DAY_MS);
      const { id } = sandbox.fleet().add({ launchedAt, options: { HttpTokens: 'optional' }, tags: ofGroup(group) });
      usage.set(id, { callsPerDay: 0 });
      return id;
    };
    const [workers, others] = [GROUP, 'web'].map((group) => [addUnused(group), addUnused(group)]);
    const [living = '', ...more] = workers ?? [];
    software.add(living, { userAgent: SDK, service: 's3', action: 'ListBuckets' });
    const [launched = ''] = await scenario.launch({}, ofGroup(GROUP), 'AKIAAUTOSCALING');
    const lines: string[] = [];
    const print = (line: string) => {
      lines.push(line);
      scenario.print(line);
    };
    const exitCode = await runCommand({ sandbox, print, columns: scenario.columns }, imdsv2, [
      'callers',
      '--launch-source',
      GROUP,
    ]);
    sandbox.bus.fire('Schedule');
    const left = [living, ...more];
    const digest = () => scenario.messages(DIGEST)[0]?.email.body ?? '';
    return {
      instances: [...nonCompliant(...left, launched), ...compliant(...(others ?? []))],
      isDone: () => digest() !== '' && scenario.outcomes(launched).length > 0,
      checks: [
        {
          what: 'the scan leaves the old instances of the group, which have no calls of their own',
          passes: () =>
            left.every((id) =>
              new RegExp(`${id}, IMDSv1 in use: ${WORKERS} calls .*Auto Scaling group ${GROUP}`).test(digest()),
            ),
        },
        {
          what: 'a new launch of it is left for review, with a HIGH alert',
          passes: () =>
            scenario.hasOutcome(launched, 'needs-review launch-source-in-use') &&
            scenario.alerts(launched).some(({ attributes }) => attributes['severity']?.StringValue === 'HIGH'),
        },
        {
          what: 'another group without use is remediated',
          passes: () => (others ?? []).every((id) => scenario.hasOutcome(id, 'remediated')),
        },
        {
          what: 'imdsv2 callers names the software of the group',
          passes: () => exitCode === 2 && lines.some((line) => line.includes('Boto3 1.7.84')),
        },
      ],
    };
  },
});
