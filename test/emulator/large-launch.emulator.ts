import { randomUUID } from 'node:crypto';
import { launchEvent, OMITTED } from '../support/events.ts';
import { launch, optionsOf, receive } from './support/account.ts';
import { deploy, type Product, statuses } from './support/product.ts';
import { needs, onMoto } from './support/where.ts';

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

/** A launch record without the instances, which CloudTrail omitted. */
function eventOf(clientToken: string, count: number) {
  const instancesSet = { items: [{ imageId: 'ami-0b1c2d3e4f5061728', minCount: count, maxCount: count }] };
  const requestParameters = { instancesSet, instanceType: 't4g.nano', clientToken };
  return launchEvent({ ...product.now(), detail: { requestParameters, responseElements: OMITTED } });
}

needs('filter client-token')('finds the instances by the client token and remediates them', async () => {
  const clientToken = randomUUID();
  const ids = await launch({ count: 12, clientToken });
  await product.deliver(eventOf(clientToken, 12));
  const findings = (await receive(product.workQueue, 12)).map(({ Body }) => Body);
  expect(findings).toHaveLength(12);
  expect(await product.deliverBatch(findings)).toEqual([]);
  for (const id of ids) expect(await optionsOf(id)).toMatchObject({ HttpTokens: 'required' });
  expect(statuses(await product.events(12))).toEqual(Object.fromEntries(ids.map((id) => [id, 'remediated'])));
});

onMoto('moto lacks the filter client-token, so that the event is delivered again', async () => {
  const clientToken = randomUUID();
  await launch({ clientToken });
  expect(await product.deliver(eventOf(clientToken, 1), 2)).toEqual([0]);
  expect(await receive(product.workQueue, 0)).toEqual([]);
});
