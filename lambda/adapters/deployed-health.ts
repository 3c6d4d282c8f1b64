import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { HealthChecks } from '../app/ports/index.ts';
import { type ScanConfig, scansMayChange } from '../config.ts';
import { healthClients } from './clients.ts';
import { Health } from './health/index.ts';
import { resourcesOf } from './health/parts.ts';
import { unmonitoredTriggers } from './rule-coverage.ts';

/** The health checks of the deployment that the scan function belongs to. */
export function deployedHealth(config: ScanConfig, region: string, scanFunction: string | undefined): HealthChecks {
  const [, partition = 'aws', , , account = ''] = config.outcomeBusArn.split(':');
  const { stackName } = config;
  const clients = healthClients({ region });
  const stacks = new CloudFormationClient({});
  // Parts are read anew in each run: a deployment may have changed them.
  const health = () =>
    new Health({
      partition,
      account,
      region,
      scanFunction,
      resources: () => resourcesOf(stacks, stackName),
      settings: { ...config, scansMayChange: scansMayChange(config) },
      clients,
    });
  return {
    all: () => health().all(),
    home: () => health().home(),
    region: (name) => health().region(name),
    unmonitored: (name) => unmonitoredTriggers(clients.inRegion(name).events),
  };
}
