import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import { launchEvent } from '../support/events.ts';
import { ec2In, launch, launchOne, optionsOf, receive } from './support/account.ts';
import { deploy, type Product, statuses } from './support/product.ts';

const UNKNOWN = 'i-0123456789abcdef0';
const itemsOf = (ids: readonly string[]) => ids.map((instanceId) => ({ instanceId, httpTokens: 'optional' as const }));

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('remediates every instance of a launch and names the caller', async () => {
  const ids = await launch({ count: 3 });
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf(ids) }));
  for (const id of ids) expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const events = await product.events(3);
  expect(statuses(events)).toEqual(Object.fromEntries(ids.map((id) => [id, 'remediated'])));
  expect(events).toHaveLength(3);
  for (const { trigger, severity } of events) expect([trigger, severity]).toEqual(['launch', 'MEDIUM']);
  expect(events[0]?.caller?.principal).toMatch(/assumed-role\/deployer\/kim$/);
});

it('does not change instances that are exempt, terminated or have IMDS disabled', async () => {
  const today = new Date();
  const nonCompliant = await launchOne();
  const imdsOff = await launchOne({ options: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } });
  const exempt = await launchOne({ tags: { 'imdsv2:exempt-until': dayFromNow(today, 30) } });
  const malformed = await launchOne({ tags: { 'imdsv2:exempt-until': 'next year' } });
  const terminated = await launchOne();
  await ec2In().send(new TerminateInstancesCommand({ InstanceIds: [terminated] }));
  const items = itemsOf([imdsOff, exempt, malformed, terminated, nonCompliant]);
  await product.deliver(launchEvent({ ...product.now(), items }));

  expect(await optionsOf(nonCompliant)).toMatchObject({ HttpTokens: 'required' });
  expect(await optionsOf(imdsOff)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  for (const id of [exempt, malformed, terminated]) {
    expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  }
  expect(statuses(await product.events(3))).toEqual({
    [nonCompliant]: 'remediated',
    [exempt]: 'exempt',
    [malformed]: 'needs-review',
  });
});

it('remediates after the last day of an exemption', async () => {
  const yesterday = dayFromNow(new Date(), -1);
  const id = await launchOne({ tags: { 'imdsv2:exempt-until': yesterday } });
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf([id]) }));
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  expect(statuses(await product.events(1))).toEqual({ [id]: 'remediated' });
});

it('reports a duplicate event as already remediated', async () => {
  const id = await launchOne();
  const event = launchEvent({ ...product.now(), items: itemsOf([id]) });
  await product.deliver(event);
  expect(statuses(await product.events(1))).toEqual({ [id]: 'remediated' });
  await product.deliver(event);
  expect(statuses(await product.events(1))).toEqual({ [id]: 'already-remediated' });
});

it('remediates visible instances and queues the others', async () => {
  const id = await launchOne();
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf([UNKNOWN, id]) }), 2);
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  expect(statuses(await product.events(1))).toEqual({ [id]: 'remediated' });
});

it('hands back an instance that is not visible yet', async () => {
  await receive(product.workQueue, 0);
  const event = launchEvent({ ...product.now(), detail: { eventTime: undefined }, items: itemsOf([UNKNOWN]) });
  expect(await product.deliver(event, 2)).toEqual([]);
  expect(await product.events(0)).toEqual([]);
  const [finding] = await receive(product.workQueue, 1);
  expect(JSON.parse(finding?.Body ?? '')).toMatchObject({ detail: { instanceId: UNKNOWN, trigger: 'launch' } });
});

it('ignores an unknown id in an old event', async () => {
  const time = new Date(Date.now() - 3_600_000).toISOString();
  await product.deliver(launchEvent({ ...product.now(), time, items: itemsOf([UNKNOWN]) }));
  expect(await product.events(0)).toEqual([]);
});

it('remediates an instance in another region', async () => {
  const region = 'us-east-1';
  const id = await launchOne({ region });
  await product.deliver(launchEvent({ ...product.now(), region, items: itemsOf([id]) }));
  expect(await optionsOf(id, region)).toMatchObject({ HttpTokens: 'required' });
  expect((await product.events(1))[0]?.region).toBe(region);
});

it('only notifies in audit mode', async () => {
  const audit = await deploy({ mode: 'audit' });
  const id = await launchOne();
  await audit.deliver(launchEvent({ ...audit.now(), items: itemsOf([id]) }));
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'optional' });
  expect(statuses(await audit.events(1))).toEqual({ [id]: 'would-remediate' });
});
