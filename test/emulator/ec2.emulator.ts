import type { EC2Client } from '@aws-sdk/client-ec2';
import { ec2Clients } from '../../lambda/adapters/clients.ts';
import { ec2Reader, ec2Writer } from '../../lambda/adapters/ec2-instances.ts';
import { instanceId, REGION, target } from '../support/builders.ts';
import { ec2In, launch, launchOne, optionsOf, setOptions } from './support/account.ts';
import { needs } from './support/where.ts';

const reader = ec2Reader(ec2Clients());
const writer = ec2Writer(ec2Clients());
const UNKNOWN = 'i-0123456789abcdef0';

const idsOf = (snapshots: readonly { readonly instanceId: string }[]) =>
  snapshots.map(({ instanceId }) => instanceId).sort();

describe('describe', () => {
  it('returns what a decision needs', async () => {
    const options = { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } as const;
    const id = await launchOne({ options, tags: { Name: 'web', 'imdsv2:exempt-reason': 'old SDK' } });
    const [snapshot] = await reader.describe(REGION, [id]);
    expect(snapshot).toMatchObject({ instanceId: id, awsManaged: false, options });
    expect(['pending', 'running']).toContain(snapshot?.state);
    expect(snapshot?.tags.get('Name')).toBe('web');
    expect(snapshot?.tags.get('imdsv2:exempt-reason')).toBe('old SDK');
    expect(Math.abs(Date.now() - (snapshot?.launchTime?.getTime() ?? 0))).toBeLessThan(300_000);
    expect(Math.abs(Date.now() - (snapshot?.firstLaunch?.getTime() ?? 0))).toBeLessThan(300_000);
  });

  it('returns known instances despite an unknown id', async () => {
    const known = await launch({ count: 2 });
    expect(idsOf(await reader.describe(REGION, [UNKNOWN, ...known]))).toEqual([...known].sort());
  });

  it('returns nothing for unknown ids only', async () => {
    expect(await reader.describe(REGION, [UNKNOWN])).toEqual([]);
  });

  it('returns no instances of another region', async () => {
    const id = await launchOne({ region: 'us-east-1' });
    expect(await reader.describe(REGION, [id])).toEqual([]);
    expect(idsOf(await reader.describe('us-east-1', [id]))).toEqual([id]);
  });

  it('reads all reservations on all pages', async () => {
    const launches = [await launch({ count: 3 })];
    for (let more = 0; more < 6; more += 1) launches.push(await launch());
    const pages = withPagesOf(5);
    const read = await ec2Reader(() => pages.client).describe(REGION, launches.flat());
    expect(idsOf(read)).toEqual(launches.flat().sort());
    expect(pages.calls).toBeGreaterThan(1);
  });

  it('accepts more ids than one filter does', async () => {
    const known = await launch({ count: 2 });
    const unknown = Array.from({ length: 399 }, (_, number) => instanceId(number));
    const [first = '', last = ''] = known;
    expect(idsOf(await reader.describe(REGION, [first, ...unknown, last]))).toEqual([...known].sort());
  });
});

describe('requireTokens', () => {
  it('requires tokens and returns the options', async () => {
    const id = await launchOne();
    const options = await writer.requireTokens(REGION, id);
    expect(options).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
    expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  });

  it('changes no other instance', async () => {
    const [id = '', other = ''] = await launch({ count: 2 });
    await writer.requireTokens(REGION, id);
    expect(await optionsOf(other)).toMatchObject({ HttpTokens: 'optional' });
  });

  it('can be repeated', async () => {
    const id = await launchOne();
    await writer.requireTokens(REGION, id);
    await writer.requireTokens(REGION, id);
    await setOptions(id, { HttpTokens: 'optional', HttpEndpoint: 'enabled' });
    await writer.requireTokens(REGION, id);
    expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  });

  it('fails with not-visible for an unknown id', async () => {
    await expect(writer.requireTokens(REGION, UNKNOWN)).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'not-visible',
    });
  });
});

describe('find', () => {
  const { account, region, context } = target();

  needs('filter client-token')('finds the instances of a launch by its client token', async () => {
    const clientToken = `token-${Date.now()}`;
    const launched = await launch({ count: 3, clientToken });
    await launch();
    const found = await reader.find({ account, region, atLeast: 3, known: [], clientToken, context });
    expect(idsOf(found)).toEqual(launched.sort());
  });

  needs('filter launch-time', 'filter metadata-options.http-tokens')(
    'finds non-compliant instances by launch time',
    async () => {
      const nonCompliant = await launchOne();
      const compliant = await launchOne({ options: { HttpTokens: 'required' } });
      const now = { ...context, occurredAt: new Date() };
      const found = idsOf(await reader.find({ account, region, atLeast: 1, known: [], context: now }));
      expect(found).toContain(nonCompliant);
      expect(found).not.toContain(compliant);
      const hourAgo = { ...context, occurredAt: new Date(Date.now() - 3_600_000) };
      expect(idsOf(await reader.find({ account, region, atLeast: 1, known: [], context: hourAgo }))).not.toContain(
        nonCompliant,
      );
    },
  );
});

/** A client with small pages. With those of the adapter, a second page needs 1,000 reservations. */
function withPagesOf(size: number): { readonly client: EC2Client; readonly calls: number } {
  const client = ec2In();
  const pages = { client, calls: 0 };
  client.middlewareStack.add(
    (next) => (args) => {
      pages.calls += 1;
      return next({ ...args, input: { ...args.input, MaxResults: size } });
    },
    { step: 'initialize' },
  );
  return pages;
}
