import { type AlertJson, toMessages } from '../../lambda/core/message.ts';
import { outcome, snapshot, target } from '../support/builders.ts';

const json = (over: Parameters<typeof outcome>[0]): AlertJson['outcomes'] =>
  toMessages([outcome(over)], { maxExemptionDays: 90 }).flatMap((message) => message.json.outcomes);

test('what EC2 did not state of an instance leaves its fields out', () => {
  const [told] = json({ snapshot: snapshot({ launchTime: undefined }) });
  expect(told).toHaveProperty('launchTime', undefined);
});

test('texts of callers, tags and options are cleaned, numbers stay numbers', () => {
  const dirty = {
    target: target({ caller: { principal: 'kim\u202e' } }),
    snapshot: snapshot({ tags: { 'eks:cluster-name': 'prod\u200b' }, options: { HttpTokens: 'optional\n' } }),
  };
  expect(json(dirty)).toMatchObject([
    {
      caller: { principal: 'kim' },
      launchSource: { eksCluster: 'prod' },
      before: { HttpTokens: 'optional ', HttpPutResponseHopLimit: 1 },
    },
  ]);
});
