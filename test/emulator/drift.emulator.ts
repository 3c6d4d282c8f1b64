import { driftEvent } from '../support/events.ts';
import { launchOne, optionsOf, setOptions } from './support/account.ts';
import { deploy, fates, type Product } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await deploy();
});

it('closes an instance that somebody set back, as a signal of high severity', async () => {
  const instanceId = await launchOne({ options: { HttpTokens: 'required' } });
  await setOptions(instanceId, { HttpTokens: 'optional', HttpEndpoint: 'enabled' });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  const alerts = await product.alerts(1);
  expect(fates(alerts)).toEqual({ [instanceId]: 'remediated' });
  expect(alerts[0]?.attributes.severity).toEqual({ Type: 'String', Value: 'high' });
  expect(alerts[0]?.attributes.trigger).toEqual({ Type: 'String', Value: 'drift' });
});

it('goes by what it reads, not by what the event says', async () => {
  const instanceId = await launchOne();
  await setOptions(instanceId, { HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(await optionsOf(instanceId)).toMatchObject({ HttpTokens: 'optional', HttpEndpoint: 'disabled' });
  expect(await product.alerts(0)).toEqual([]);
});

it('tells of what was closed before it looked', async () => {
  const instanceId = await launchOne({ options: { HttpTokens: 'required' } });
  await product.deliver(driftEvent({ ...product.now(), instanceId }));
  expect(fates(await product.alerts(1))).toEqual({ [instanceId]: 'already-remediated' });
});
