import { ModifyInstanceMetadataOptionsCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { ec2Clients } from '../../lambda/adapters/clients.ts';
import { ec2Writer } from '../../lambda/adapters/ec2-instances.ts';
import { REGION } from '../support/builders.ts';
import { ec2In, launchOne, optionsOf } from './support/account.ts';
import { needs, onMoto } from './support/where.ts';

// Differences between moto and AWS. A test of moto fails when a new version behaves like AWS, and can be deleted then.

const writer = ec2Writer(ec2Clients());
const OTHERS = { HttpPutResponseHopLimit: 3, InstanceMetadataTags: 'enabled' } as const;

needs('keeping omitted fields')('a remediation changes no other option', async () => {
  const id = await launchOne({ options: OTHERS });
  await writer.requireTokens(REGION, id);
  expect(await optionsOf(id)).toMatchObject({ ...OTHERS, HttpTokens: 'required' });
});

onMoto('moto resets the hop limit and the other omitted fields; AWS keeps them', async () => {
  const id = await launchOne({ options: OTHERS });
  expect(await optionsOf(id)).toMatchObject(OTHERS);
  await writer.requireTokens(REGION, id);
  const after = await optionsOf(id);
  expect(after.HttpTokens).toBe('required');
  expect(after.HttpPutResponseHopLimit).toBe(1);
  expect(after.InstanceMetadataTags).toBeUndefined();
});

onMoto('moto applies a change at once; AWS returns pending for a running instance', async () => {
  const { State } = await writer.requireTokens(REGION, await launchOne());
  expect(State).toBe('applied');
});

onMoto('moto changes a terminated instance; AWS returns an error', async () => {
  const id = await launchOne();
  await ec2In().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await writer.requireTokens(REGION, id);
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
});

onMoto('moto carries out a dry run; AWS returns DryRunOperation and changes nothing', async () => {
  const InstanceId = await launchOne();
  const request = { InstanceId, HttpTokens: 'required', HttpEndpoint: 'enabled', DryRun: true } as const;
  await ec2In().send(new ModifyInstanceMetadataOptionsCommand(request));
  expect(await optionsOf(InstanceId)).toMatchObject({ HttpTokens: 'required' });
});
