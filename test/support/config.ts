/** Configurations of the functions, for tests that are not about configuration. */
import type { Config, ScanConfig } from '../../lambda/config.ts';

export const CONFIG: Config = {
  mode: 'enforce',
  existing: 'audit',
  launches: 'enforce',
  enforceSince: 'none',
  trail: true,
  maxExemptionDays: 90,
  usageLookBackDays: 14,
  usageMinimumAgeDays: 1,
  ownerTag: 'Owner',
  outcomeBusArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/default',
  workQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-work',
  checkQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-checks',
};

export const SCAN_CONFIG: ScanConfig = {
  ...CONFIG,
  scanQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-scan.fifo',
  deadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-dead',
  stackName: 'Imdsv2Enforcer',
  alertSummaryMinutes: 15,
  scanEveryHours: 6,
  forwarders: [],
};
