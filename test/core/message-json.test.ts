import { type AlertJson, toMessages } from '../../lambda/core/message.ts';
import { outcome, snapshot, target } from '../support/builders.ts';

const json = (over: Parameters<typeof outcome>[0]): AlertJson['outcomes'] =>
  toMessages([outcome(over)], { maxExemptionDays: 90 }).flatMap((message) => message.json.outcomes);

test('omits fields that EC2 did not return', () => {
  const [instance] = json({ snapshot: snapshot({ launchTime: undefined }) });
  expect(instance).toHaveProperty('launchTime', undefined);
});

test('sanitizes texts of callers, tags and options, and keeps numbers', () => {
  const untrusted = {
    target: target({ caller: { principal: 'kim\u202e' } }),
    snapshot: snapshot({ tags: { 'eks:cluster-name': 'prod\u200b' }, options: { HttpTokens: 'optional\n' } }),
  };
  expect(json(untrusted)).toMatchObject([
    {
      caller: { principal: 'kim' },
      launchSource: { eksCluster: 'prod' },
      before: { HttpTokens: 'optional ', HttpPutResponseHopLimit: 1 },
    },
  ]);
});
