import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import { launchEvent } from '../support/events.ts';
import { ec2In, launch, launchOne, optionsOf } from './support/account.ts';
import { deploy, fates, type Product } from './support/product.ts';

const UNKNOWN = 'i-0123456789abcdef0';
const OPEN = { httpTokens: 'optional' } as const;

const itemsOf = (ids: readonly string[]) => ids.map((instanceId) => ({ instanceId, ...OPEN }));

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('closes every instance of a launch and tells who launched them', async () => {
  const ids = await launch({ count: 3 });
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf(ids) }));
  for (const id of ids) expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const [alert, ...more] = await product.alerts(1);
  expect(more).toEqual([]);
  expect(alert?.json).toMatchObject({ trigger: 'launch', severity: 'warning', counts: { remediated: 3 } });
  expect(alert?.json.outcomes[0]?.caller?.principal).toMatch(/assumed-role\/deployer\/kim$/);
  expect(alert?.attributes.status).toEqual({ Type: 'String.Array', Value: '["remediated"]' });
});

it('leaves alone what is switched off, exempt or terminated, beside what it closes', async () => {
  const today = new Date();
  const open = await launchOne();
  const off = await launchOne({ options: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } });
  const exempt = await launchOne({ tags: { 'imdsv2:exempt-until': dayFromNow(today, 30) } });
  const unclear = await launchOne({ tags: { 'imdsv2:exempt-until': 'next year' } });
  const terminated = await launchOne();
  await ec2In().send(new TerminateInstancesCommand({ InstanceIds: [terminated] }));
  const items = itemsOf([off, exempt, unclear, terminated, open]);
  await product.deliver(launchEvent({ ...product.now(), items }));

  expect(await optionsOf(open)).toMatchObject({ HttpTokens: 'required' });
  expect(await optionsOf(off)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  for (const id of [exempt, unclear, terminated]) {
    expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  }
  expect(fates(await product.alerts(1))).toEqual({
    [open]: 'remediated',
    [exempt]: 'exempt',
    [unclear]: 'needs-review',
  });
});

it('closes after the last day of an exemption', async () => {
  const yesterday = dayFromNow(new Date(), -1);
  const id = await launchOne({ tags: { 'imdsv2:exempt-until': yesterday } });
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf([id]) }));
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  expect(fates(await product.alerts(1))).toEqual({ [id]: 'remediated' });
});

it('tells of an event that comes twice as closed, and changes nothing again', async () => {
  const id = await launchOne();
  const event = launchEvent({ ...product.now(), items: itemsOf([id]) });
  await product.deliver(event);
  expect(fates(await product.alerts(1))).toEqual({ [id]: 'remediated' });
  await product.deliver(event);
  expect(fates(await product.alerts(1))).toEqual({ [id]: 'already-remediated' });
});

it('closes what it finds, and keeps an id that is not visible yet for later', async () => {
  const id = await launchOne();
  await product.deliver(launchEvent({ ...product.now(), items: itemsOf([UNKNOWN, id]) }), 2);
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  expect(fates(await product.alerts(1))).toEqual({ [id]: 'remediated' });
});

it('asks for a retry where none of the ids is visible yet', async () => {
  await expect(product.deliver(launchEvent({ ...product.now(), items: itemsOf([UNKNOWN]) }), 2)).rejects.toMatchObject({
    name: 'RetryableError',
    message: expect.stringContaining(UNKNOWN),
  });
  expect(await product.alerts(0)).toEqual([]);
});

it('takes an unknown id of an old event for gone', async () => {
  const time = new Date(Date.now() - 3_600_000).toISOString();
  await product.deliver(launchEvent({ ...product.now(), time, items: itemsOf([UNKNOWN]) }));
  expect(await product.alerts(0)).toEqual([]);
});

it('closes an instance in another region', async () => {
  const region = 'us-east-1';
  const id = await launchOne({ region });
  await product.deliver(launchEvent({ ...product.now(), region, items: itemsOf([id]) }));
  expect(await optionsOf(id, region)).toMatchObject({ HttpTokens: 'required' });
  expect((await product.alerts(1))[0]?.attributes.region).toEqual({ Type: 'String', Value: region });
});

it('only tells in audit mode', async () => {
  const audit = await deploy({ mode: 'audit' });
  const id = await launchOne();
  await audit.deliver(launchEvent({ ...audit.now(), items: itemsOf([id]) }));
  expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'optional' });
  expect(fates(await audit.alerts(1))).toEqual({ [id]: 'would-remediate' });
});
