import { healthClients } from '../../lambda/adapters/clients.ts';
import { Health } from '../../lambda/adapters/health/index.ts';
import { scansMayChange } from '../../lambda/config.ts';
import { EXISTING, MODES } from '../../lambda/contract.ts';
import type { Aws } from '../common/aws.ts';
import { explainError } from '../common/errors.ts';
import type { ClientConfig, Deployment } from './deployment.ts';

/** The health checks that the scan function makes every 15 minutes, with the permissions of the caller. */
export function healthOf(deployment: Deployment, aws: Aws, config: ClientConfig): Health {
  const { partition, account, region, setting, allResources } = deployment;
  const mode = MODES.find((one) => one === setting('Mode')) ?? 'enforce';
  const existing = EXISTING.find((one) => one === setting('Existing')) ?? 'audit';
  const enforceSince = setting('EnforceSince') ?? 'none';
  return new Health({
    partition,
    account,
    region,
    resources: allResources,
    settings: {
      mode,
      existing,
      scansMayChange: scansMayChange({ mode, existing, enforceSince }),
      trail: setting('Trail') !== 'none',
      forwarders: (setting('Regions') ?? '').split(',').slice(1),
      scanEveryHours: Number(setting('ScanEveryHours') ?? '6'),
      alertSummaryMinutes: Number(setting('AlertSummaryMinutes') ?? '15'),
      outcomeBusArn: setting('OutcomeBusArn') ?? '',
    },
    clients: { ...healthClients(config), inRegion: (name) => healthClients(aws.config(name)).inRegion(name) },
    explain: explainError,
  });
}
