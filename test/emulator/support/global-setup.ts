import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from '@aws-sdk/client-ec2';
import { randomUUID } from 'node:crypto';
import { ec2In, launchOne, optionsOf, setOptions } from './account.ts';
import type { Trait } from './where.ts';

/** Behaviour of AWS that the product relies on and that some emulators lack. */
const TRAITS: Readonly<Record<Trait, () => Promise<boolean>>> = {
  'filter client-token': () => hasFilter('client-token', 'none'),
  'filter launch-time': () => hasFilter('launch-time', '2000-01-01*'),
  'filter metadata-options.http-tokens': () => hasFilter('metadata-options.http-tokens', 'optional'),
  'keeping omitted fields': async () => {
    const id = await launchOne({ options: { HttpPutResponseHopLimit: 3 } });
    await setOptions(id, { HttpTokens: 'required' });
    return (await optionsOf(id)).HttpPutResponseHopLimit === 3;
  },
  'source versions': async () => {
    const LaunchTemplateName = `imdsv2-${randomUUID()}`;
    const data = { KeyName: 'deploy' };
    await ec2In().send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: data }));
    const LaunchTemplateData = { MetadataOptions: { HttpTokens: 'required' as const } };
    const request = { LaunchTemplateName, SourceVersion: '1', LaunchTemplateData };
    await ec2In().send(new CreateLaunchTemplateVersionCommand(request));
    const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ['2'] });
    const { LaunchTemplateVersions = [] } = await ec2In().send(command);
    return LaunchTemplateVersions[0]?.LaunchTemplateData?.KeyName === 'deploy';
  },
};

/** Reports which traits the endpoint lacks. Tests that need them are skipped. */
export default async function setup(): Promise<void> {
  const { AWS_ENDPOINT_URL } = process.env;
  if (!AWS_ENDPOINT_URL) throw new Error('no AWS_ENDPOINT_URL: start these tests with `npm run test:emulator`');
  // moto validates filters only if there are instances.
  await launchOne().catch((error: unknown) => {
    throw new Error(`nothing can be launched at ${AWS_ENDPOINT_URL}`, { cause: error });
  });
  const lacking: string[] = [];
  for (const [trait, has] of Object.entries(TRAITS)) {
    if (!(await has())) lacking.push(trait);
  }
  if (lacking.length > 0) console.log(`skipped, because this endpoint lacks it: ${lacking.join(', ')}\n`);
  process.env.EMULATOR_LACKS = lacking.join();
}

async function hasFilter(Name: string, value: string): Promise<boolean> {
  try {
    await ec2In().send(new DescribeInstancesCommand({ Filters: [{ Name, Values: [value] }] }));
    return true;
  } catch {
    return false;
  }
}
