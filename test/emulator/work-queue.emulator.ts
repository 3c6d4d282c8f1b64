import { launchEvent, runningEvent } from '../support/events.ts';
import { createQueue, createTopic, launchOne, optionsOf, receive, subscribe } from './support/account.ts';
import { deploy, fates, type Product, toAlert } from './support/product.ts';

const bodiesOn = async (queue: string, expected: number) => (await receive(queue, expected)).map(({ Body }) => Body);

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('keeps a finding of an instance that runs with IMDSv1, and closes it when the finding comes back', async () => {
  const instanceId = await launchOne();
  const event = runningEvent({ ...product.now(), instanceId });
  expect(await product.deliverBatch([JSON.stringify(event)])).toEqual([]);
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'optional' });
  expect(await product.alerts(0)).toEqual([]);

  const kept = await bodiesOn(product.workQueue, 1);
  expect(kept).toHaveLength(1);
  expect(await product.deliverBatch(kept)).toEqual([]);
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const alerts = await product.alerts(1);
  expect(fates(alerts)).toEqual({ [instanceId]: 'remediated' });
  expect(alerts[0]?.attributes.trigger).toEqual({ Type: 'String', Value: 'running' });
  expect(await bodiesOn(product.workQueue, 0)).toEqual([]);
});

it('asks only for those messages again whose instance is not visible yet', async () => {
  const [instanceId, unknown] = [await launchOne({ options: { HttpTokens: 'required' } }), 'i-0123456789abcdef0'];
  const bodies = [instanceId, unknown].map((id) => JSON.stringify(runningEvent({ ...product.now(), instanceId: id })));
  expect(await product.deliverBatch(bodies, 2)).toEqual([1]);
});

it('leaves an instance alone that was closed before its finding came back', async () => {
  const instanceId = await launchOne();
  await product.deliverBatch([JSON.stringify(runningEvent({ ...product.now(), instanceId }))]);
  const kept = await bodiesOn(product.workQueue, 1);
  await product.deliver(launchEvent({ ...product.now(), items: [{ instanceId, httpTokens: 'optional' }] }));
  expect(fates(await product.alerts(1))).toEqual({ [instanceId]: 'remediated' });
  expect(await product.deliverBatch(kept)).toEqual([]);
  expect(fates(await product.alerts(1))).toEqual({ [instanceId]: 'already-remediated' });
});

it('keeps an alert that SNS refuses, and sends it from the queue', async () => {
  const name = `imdsv2-late-${Date.now()}`;
  const late = await deploy({ outcomesTopicArn: product.topicArn.replace(/[^:]+$/, name) });
  const instanceId = await launchOne();
  await late.deliver(launchEvent({ ...late.now(), items: [{ instanceId, httpTokens: 'optional' }] }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required' });
  const kept = await bodiesOn(late.workQueue, 1);
  expect(kept).toHaveLength(1);
  expect(await late.deliverBatch(kept)).toEqual([0]);

  const [topic, queue] = [await createTopic(name), await createQueue()];
  await subscribe(topic, queue);
  expect(await late.deliverBatch(kept)).toEqual([]);
  const alerts = (await receive(queue, 1)).map(({ Body }) => toAlert(Body));
  expect(fates(alerts)).toEqual({ [instanceId]: 'remediated' });
});
