import fc from 'fast-check';
import { shareOf, Tally } from '../../lambda/core/compliance-summary.ts';
import { VERDICTS, type VerdictName } from '../../lambda/core/verdict.ts';

const tallyOf = (...verdicts: readonly VerdictName[]): Tally => {
  const tally = new Tally();
  for (const verdict of verdicts) tally.add(verdict);
  return tally;
};

test('counts each verdict, and none is forgotten', () => {
  const tally = tallyOf('open', 'open', 'compliant');
  expect(tally.counts).toEqual({
    open: 2,
    unreadable: 0,
    pending: 0,
    exempt: 0,
    'imds-off': 0,
    'aws-managed': 0,
    compliant: 1,
  });
  expect([tally.instances, tally.findings]).toEqual([3, 2]);
  expect(tallyOf(...VERDICTS)).toMatchObject({ instances: VERDICTS.length, findings: 2 });
});

test('several together are as one', () => {
  const verdicts = fc.array(fc.constantFrom(...VERDICTS));
  fc.assert(
    fc.property(verdicts, verdicts, (some, others) => {
      expect(Tally.of([tallyOf(...some), tallyOf(...others)]).counts).toEqual(tallyOf(...some, ...others).counts);
    }),
  );
});

test('the share is of those that somebody can change', () => {
  expect(shareOf(tallyOf('compliant', 'open', 'pending', 'exempt'))).toBe(0.25);
  expect(shareOf(tallyOf('compliant', 'aws-managed', 'aws-managed'))).toBe(1);
  expect(shareOf(tallyOf('imds-off'))).toBe(0);
  expect(shareOf(tallyOf('aws-managed'))).toBeUndefined();
  expect(shareOf(tallyOf())).toBeUndefined();
});
