import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { ec2In, launchOne, optionsOf, setOptions } from './account.ts';
import type { Trait } from './where.ts';

/** What AWS does, the product relies on and not every emulator does; each is tried without the product. */
const TRAITS: Readonly<Record<Trait, () => Promise<boolean>>> = {
  'filter client-token': () => hasFilter('client-token', 'none'),
  'filter launch-time': () => hasFilter('launch-time', '2000-01-01*'),
  'filter metadata-options.http-tokens': () => hasFilter('metadata-options.http-tokens', 'optional'),
  'keeping omitted fields': async () => {
    const id = await launchOne({ options: { HttpPutResponseHopLimit: 3 } });
    await setOptions(id, { HttpTokens: 'required' });
    return (await optionsOf(id)).HttpPutResponseHopLimit === 3;
  },
};

/** Finds out what the endpoint lacks, and says so: what needs it is not judged there. */
export default async function setup(): Promise<void> {
  const { AWS_ENDPOINT_URL } = process.env;
  if (!AWS_ENDPOINT_URL) throw new Error('no AWS_ENDPOINT_URL: start these tests with `npm run test:emulator`');
  // moto looks at a filter only when there is something to filter.
  await launchOne().catch((error: unknown) => {
    throw new Error(`nothing can be launched at ${AWS_ENDPOINT_URL}`, { cause: error });
  });
  const lacking: string[] = [];
  for (const [trait, has] of Object.entries(TRAITS)) {
    if (!(await has())) lacking.push(trait);
  }
  if (lacking.length > 0) console.log(`not judged here, because this endpoint lacks it: ${lacking.join(', ')}\n`);
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
