import { launchEvent, runningEvent } from '../support/events.ts';
import { createQueue, createTopic, launchOne, optionsOf, receive, subscribe } from './support/account.ts';
import { deploy, type Product, statuses, toAlert } from './support/product.ts';

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
  expect(await product.alerts(0)).toEqual([]);

  const findings = await bodiesOn(product.workQueue, 1);
  expect(findings).toHaveLength(1);
  expect(await product.deliverBatch(findings)).toEqual([]);
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const alerts = await product.alerts(1);
  expect(statuses(alerts)).toEqual({ [instanceId]: 'remediated' });
  expect(alerts[0]?.attributes.trigger).toEqual({ Type: 'String', Value: 'running' });
  expect(await bodiesOn(product.workQueue, 0)).toEqual([]);
});

it('does not change an instance that was remediated before its finding is received', async () => {
  const instanceId = await launchOne();
  await product.deliver(runningOf(instanceId));
  const findings = await bodiesOn(product.workQueue, 1);
  await product.deliver(launchEvent({ ...product.now(), items: [{ instanceId, httpTokens: 'optional' }] }));
  expect(statuses(await product.alerts(1))).toEqual({ [instanceId]: 'remediated' });
  expect(await product.deliverBatch(findings)).toEqual([]);
  // The alert about the launch names the instance.
  expect(await product.alerts(0)).toEqual([]);
});

it('queues an alert that SNS refuses and publishes it when it is received', async () => {
  const name = `imdsv2-late-${Date.now()}`;
  const late = await deploy({ outcomesTopicArn: product.topicArn.replace(/[^:]+$/, name) });
  const instanceId = await launchOne();
  await late.deliver(launchEvent({ ...late.now(), items: [{ instanceId, httpTokens: 'optional' }] }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required' });
  const undelivered = await bodiesOn(late.workQueue, 1);
  expect(undelivered).toHaveLength(1);
  expect(await late.deliverBatch(undelivered)).toEqual([0]);

  const [topic, queue] = [await createTopic(name), await createQueue()];
  await subscribe(topic, queue);
  expect(await late.deliverBatch(undelivered)).toEqual([]);
  const alerts = (await receive(queue, 1)).map(({ Body }) => toAlert(Body));
  expect(statuses(alerts)).toEqual({ [instanceId]: 'remediated' });
});
