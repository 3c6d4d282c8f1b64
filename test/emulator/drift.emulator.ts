import { driftEvent } from '../support/events.ts';
import { launchOne, optionsOf, setOptions } from './support/account.ts';
import { deploy, type Product, statuses } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('remediates drift, with severity HIGH', async () => {
  const instanceId = await launchOne({ options: { HttpTokens: 'required' } });
  await setOptions(instanceId, { HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const events = await product.events(1);
  expect(events).toMatchObject([{ instanceId, status: 'remediated', severity: 'HIGH', trigger: 'drift' }]);
});

it('decides by the current options, not by those in the event', async () => {
  const instanceId = await launchOne();
  await setOptions(instanceId, { HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  expect(await product.events(0)).toEqual([]);
});

it('notifies of drift that was remediated before', async () => {
  const instanceId = await launchOne({ options: { HttpTokens: 'required' } });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(statuses(await product.events(1))).toEqual({ [instanceId]: 'already-remediated' });
});
