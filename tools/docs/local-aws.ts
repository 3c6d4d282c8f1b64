import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { buildProduct } from '../../sandbox/product.ts';
import type { Values } from './placeholders.ts';

/** The Regions of the account, the home Region first: those that the documentation names. */
const REGIONS = ['eu-west-1', 'us-east-1'];

/** Starts a local AWS with the product deployed in two Regions, and existing instances. */
export async function startLocalAws(): Promise<Sandbox> {
  const stacks = await buildProduct({
    mode: 'enforce',
    alertEmail: ['security@example.com'],
    operationsEmail: ['platform@example.com'],
    regions: REGIONS,
  });
  return startSandbox({ ...stacks, regions: REGIONS, fleet: 40, seed: 'docs' });
}

/** What the placeholders of the documentation stand for in a local AWS. */
export function valuesIn(sandbox: Sandbox): Values {
  const instance = sandbox
    .fleet()
    .instances()
    .find(
      ({ state, options, tags, operator }) =>
        state === 'running' && options.HttpTokens === 'optional' && tags.size <= 1 && operator === undefined,
    );
  const token = sandbox.topic('Outcomes').subscriptions.find(({ confirmed }) => !confirmed)?.token;
  if (instance === undefined || token === undefined) throw new Error('the local AWS lacks what the placeholders mean');
  return { 'i-0123456789abcdef0': instance.id, 'i-0a1b2c3d4e5f60718': instance.id, TOKEN: token };
}

/** Writes the files that commands of the documentation read. */
export async function writeInputs(folder: string, { 'i-0123456789abcdef0': instanceId }: Values): Promise<void> {
  const time = '2026-11-22T14:00:00Z';
  const record = {
    eventVersion: '1.11',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'ModifyInstanceMetadataOptions',
    eventID: '00000000-0000-4000-8000-000000000000',
    eventTime: time,
    awsRegion: 'eu-west-1',
    recipientAccountId: '111122223333',
    userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/Developer/ana' },
    requestParameters: { ModifyInstanceMetadataOptionsRequest: { InstanceId: instanceId, HttpTokens: 'optional' } },
    responseElements: { ModifyInstanceMetadataOptionsResponse: {} },
  };
  const event = {
    version: '0',
    id: record.eventID,
    source: 'aws.ec2',
    'detail-type': 'AWS API Call via CloudTrail',
    account: record.recipientAccountId,
    region: record.awsRegion,
    time,
    detail: record,
  };
  const logs = join(folder, 'AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11');
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, 'log.json'), JSON.stringify({ Records: [record] }));
  await writeFile(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`);
  await writeFile(join(folder, 'ids.txt'), `${instanceId}\n`);
}
