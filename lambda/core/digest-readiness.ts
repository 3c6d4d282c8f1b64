import type { Digest } from './digest.ts';
import type { Readiness } from './prevention/readiness.ts';
import { defang } from './text.ts';
import { entryLaunchers, entryName, entryReason, nextStep } from './words/prevention.ts';

/** Most blockers that a digest names. */
const NAMED = 10;

/**
 * What must be done first: with `HttpTokensEnforced`, EC2 rejects launches and changes that enable IMDSv1.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
export function missingForEnforcement({ inventory: { compliance }, readiness, notVisible, region }: Digest): string[] {
  if (readiness?.state === 'enforced') return [];
  return [
    notVisible === true && 'the instances are not visible from here',
    compliance.findings > 0 && `non-compliant or unreadable instances: ${compliance.findings}`,
    compliance.counts.exempt > 0 && `exemptions in date: ${compliance.counts.exempt}`,
    ...(readiness === undefined ? ['what launches instances could not be read'] : launchesIn(readiness, region)),
  ].filter((sentence) => sentence !== false);
}

function launchesIn({ blockers, unseen, accountDefault }: Readiness, region: string): (string | false)[] {
  const more = blockers.length - NAMED;
  return [
    accountDefault === 'not-required' && 'the account default for launches is not HttpTokens=required',
    ...blockers.slice(0, NAMED).map((entry) => {
      const launchers = entryLaunchers(entry, defang);
      const { text, commands } = nextStep(entry, region);
      const what = [`${entryName(entry, defang)}: ${entryReason(entry, defang)}`, launchers].filter(Boolean).join('; ');
      return `${what}. ${[text, ...commands].join(' ')}`;
    }),
    more > 0 && `and ${more} more: imdsv2 readiness --region ${region}`,
    ...unseen.map(({ what, problem }) => `not looked at: ${what}: ${defang(problem)}`),
  ];
}
