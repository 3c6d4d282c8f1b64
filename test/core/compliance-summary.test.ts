import fc from 'fast-check';
import { compliancePercent, complianceShare, ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import { VERDICTS, type VerdictName } from '../../lambda/core/verdict.ts';

const complianceOf = (...verdicts: readonly VerdictName[]): ComplianceSummary => {
  const compliance = new ComplianceSummary();
  for (const verdict of verdicts) compliance.add(verdict);
  return compliance;
};

test('counts instances by verdict', () => {
  const compliance = complianceOf('non-compliant', 'non-compliant', 'compliant');
  expect(compliance.counts).toEqual({
    'non-compliant': 2,
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

test('of() adds summaries', () => {
  const verdicts = fc.array(fc.constantFrom(...VERDICTS));
  fc.assert(
    fc.property(verdicts, verdicts, (some, others) => {
      expect(ComplianceSummary.of([complianceOf(...some), complianceOf(...others)]).counts).toEqual(
        complianceOf(...some, ...others).counts,
      );
    }),
  );
});

test('complianceShare() leaves out instances that only an AWS service can change', () => {
  expect(complianceShare(complianceOf('compliant', 'non-compliant', 'pending', 'exempt'))).toBe(0.25);
  expect(complianceShare(complianceOf('compliant', 'aws-managed', 'aws-managed'))).toBe(1);
  expect(complianceShare(complianceOf('imds-off'))).toBe(0);
  expect(complianceShare(complianceOf('aws-managed'))).toBeUndefined();
  expect(complianceShare(complianceOf())).toBeUndefined();
});

test('compliancePercent() is rounded down to one decimal', () => {
  expect(compliancePercent(complianceOf('compliant', 'exempt', 'exempt'))).toBe(33.3);
  expect(compliancePercent(complianceOf('compliant'))).toBe(100);
  expect(compliancePercent(complianceOf())).toBeUndefined();
});
