/** Scans a region of the local AWS over HTTP, for its memory. Prints the seconds of the longest step. */
import { cloudWatchClients, ec2Clients } from '../../lambda/adapters/clients.ts';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import { withPageReader } from '../../lambda/adapters/describe-instances-reader.ts';
import { ec2Fleet, ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { ec2Regions } from '../../lambda/adapters/ec2-regions.ts';
import { invocationTime } from '../../lambda/adapters/invocation-time.ts';
import { onScanStep } from '../../lambda/app/scan/index.ts';
import type { ScanPorts } from '../../lambda/app/scan/rules.ts';
import { NO_QUEUE } from './lambda.ts';
import { USAGE_RULES } from '../../lambda/core/usage.ts';
import { type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { launchSourceReader } from '../../test/support/launch-source-reader.ts';

const region = process.argv[2] ?? '';
const rules = {
  mode: 'enforce',
  existing: 'audit',
  maxExemptionDays: 90,
  usage: USAGE_RULES,
  trail: true,
  scanEveryHours: 24,
  forwarders: [],
  homeRegion: region,
} as const;
const steps: ScanStep[] = [{ step: 'region', account: '111122223333', region, startedAt: new Date() }];
const published: object[] = [];
const ec2 = ec2Clients(withPageReader);
const unused = () => Promise.reject(new Error('a scan that only reports does not call this'));
const ports: ScanPorts = {
  reader: ec2Reader(ec2),
  fleet: ec2Fleet(ec2),
  regions: ec2Regions(ec2, region),
  usage: cloudWatchUsage(cloudWatchClients()),
  queue: { putFindings: unused, putEvents: unused, putChecks: unused },
  deadLetterQueue: NO_QUEUE,
  steps: { put: async (more) => void (await Promise.resolve(steps.push(...more))) },
  bus: {
    put: (events) => {
      published.push(...events);
      return Promise.resolve([]);
    },
  },
  telemetry: {
    outcome: () => undefined,
    notUnderstood: () => undefined,
    handedBack: () => undefined,
    scanCompleted: () => undefined,
    health: () => undefined,
    rejected: () => undefined,
    otherAccount: () => undefined,
    warning: (text, error) => {
      throw new Error(text, { cause: error });
    },
  },
  history: { page: () => Promise.resolve({ calls: [] }) },
  network: { natGateways: () => Promise.resolve(new Map()) },
  launchSources: launchSourceReader(),
  healthChecks: {
    all: () => Promise.resolve([]),
    home: () => Promise.resolve([]),
    region: () => Promise.resolve([]),
    unmonitored: () => Promise.resolve([]),
  },
  time: invocationTime(900_000),
};

let longest = 0;
for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
  const start = performance.now();
  await onScanStep(JSON.parse(JSON.stringify(toScanMessage(step))), rules, ports);
  longest = Math.max(longest, performance.now() - start);
}
if (published.length !== 1) throw new Error(`${published.length} digests`);
console.log((longest / 1000).toFixed(0));
