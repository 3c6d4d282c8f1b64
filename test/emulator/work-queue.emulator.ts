import { launchEvent, runningEvent } from '../support/events.ts';
import { launchOne, optionsOf, receive } from './support/account.ts';
import { deploy, type Product, statuses } from './support/product.ts';

const bodiesOn = async (queue: string, expected: number) => (await receive(queue, expected)).map(({ Body }) => Body);

/** A running-state event that is old enough to be handled. */
const runningOf = (instanceId: string) =>
  runningEvent({ ...product.now(), time: new Date(Date.now() - 100_000).toISOString(), instanceId });

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('queues a finding of a non-compliant instance and remediates it when the finding is received', async () => {
  const instanceId = await launchOne();
  expect(await product.deliver(runningOf(instanceId))).toEqual([]);
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'optional' });
  expect(await product.events(0)).toEqual([]);

  const findings = await bodiesOn(product.workQueue, 1);
  expect(findings).toHaveLength(1);
  expect(await product.deliverBatch(findings)).toEqual([]);
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const events = await product.events(1);
  expect(events).toMatchObject([{ instanceId, status: 'remediated', trigger: 'running' }]);
  expect(await bodiesOn(product.workQueue, 0)).toEqual([]);
});

it('does not change an instance that was remediated before its finding is received', async () => {
  const instanceId = await launchOne();
  await product.deliver(runningOf(instanceId));
  const findings = await bodiesOn(product.workQueue, 1);
  await product.deliver(launchEvent({ ...product.now(), items: [{ instanceId, httpTokens: 'optional' }] }));
  expect(statuses(await product.events(1))).toEqual({ [instanceId]: 'remediated' });
  expect(await product.deliverBatch(findings)).toEqual([]);
  // The event of the launch is about the instance.
  expect(await product.events(0)).toEqual([]);
});
