import { deliveryOf, MAX_RECEIVES } from '../../lambda/core/delivery.ts';
import { NOW } from '../support/builders.ts';
import { after } from '../support/ports.ts';

test.each([
  [1, 10, 'first'],
  [2, 10, 'repeated'],
  [MAX_RECEIVES - 1, 10, 'repeated'],
  [MAX_RECEIVES, 10, 'repeated'],
  // A redrive from the dead-letter queue starts at one again.
  [1, 3600, 'repeated'],
])('a message received %i times, %i s after its event: %s', (receiveCount, age, delivery) => {
  expect(deliveryOf(receiveCount, after(-age), NOW)).toBe(delivery);
});
