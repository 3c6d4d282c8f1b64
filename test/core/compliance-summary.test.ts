import fc from 'fast-check';
import { shareOf, ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import { VERDICTS, type VerdictName } from '../../lambda/core/verdict.ts';

const complianceOf = (...verdicts: readonly VerdictName[]): ComplianceSummary => {
  const compliance = new ComplianceSummary();
  for (const verdict of verdicts) compliance.add(verdict);
  return compliance;
};

test('counts each verdict, and none is forgotten', () => {
  const compliance = complianceOf('non-compliant', 'non-compliant', 'compliant');
  expect(compliance.counts).toEqual({
    open: 2,
    unreadable: 0,
    pending: 0,
    exempt: 0,
    'imds-off': 0,
    'aws-managed': 0,
    compliant: 1,
  });
  expect([compliance.instances, compliance.findings]).toEqual([3, 2]);
  expect(complianceOf(...VERDICTS)).toMatchObject({ instances: VERDICTS.length, findings: 2 });
});

test('several together are as one', () => {
  const verdicts = fc.array(fc.constantFrom(...VERDICTS));
  fc.assert(
    fc.property(verdicts, verdicts, (some, others) => {
      expect(ComplianceSummary.of([complianceOf(...some), complianceOf(...others)]).counts).toEqual(
        complianceOf(...some, ...others).counts,
      );
    }),
  );
});

test('the share is of those that somebody can change', () => {
  expect(shareOf(complianceOf('compliant', 'non-compliant', 'pending', 'exempt'))).toBe(0.25);
  expect(shareOf(complianceOf('compliant', 'aws-managed', 'aws-managed'))).toBe(1);
  expect(shareOf(complianceOf('imds-off'))).toBe(0);
  expect(shareOf(complianceOf('aws-managed'))).toBeUndefined();
  expect(shareOf(complianceOf())).toBeUndefined();
});
