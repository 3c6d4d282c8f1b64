import fc from 'fast-check';
import { type Digest } from '../../lambda/core/digest.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import { instanceId } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

import { until, UNUSED, USED, digest, messageOf, jsonOf, emailOf, many, type Given } from '../support/digest.ts';

describe('the size of a digest', () => {
  const LIMIT = 240 * 1024;
  const bytes = (of: Digest) => Buffer.byteLength(toSnsText(messageOf(of)), 'utf8');

  test('lists 50 instances of each list, and counts the others', () => {
    const of = digest([...many(60, {}), ...many(55, { tags: until('2026-11-23') })], {
      rejected: new Map(many(70, {}).map((_, index) => [instanceId(index), { calls: 1 }])),
    });
    expect(jsonOf(of).instances).toHaveLength(100);
    expect(Object.keys(jsonOf(of).rejected ?? {})).toHaveLength(50);
    expect(emailOf(of).match(/^ {2}and \d+ more$/gm)).toEqual(['  and 20 more', '  and 10 more', '  and 5 more']);
  });

  const taggedAll = (text: string) =>
    Object.fromEntries(
      [
        'Name',
        'imdsv2:exempt-reason',
        'aws:autoscaling:groupName',
        'aws:ec2launchtemplate:id',
        'aws:ec2launchtemplate:version',
        'aws:ec2:fleet-id',
        'aws:cloudformation:stack-name',
        'aws:cloudformation:logical-id',
        'eks:cluster-name',
        'eks:nodegroup-name',
        'elasticbeanstalk:environment-name',
        'elasticbeanstalk:environment-id',
      ].map((key) => [key, text]),
    );

  test.each([
    ['emoji', '😀'.repeat(255)],
    ['quotes', '"\\'.repeat(128)],
    ['han', '重'.repeat(255)],
    ['apostrophes', "'".repeat(255)],
  ])('lists fewer instances with long names (%s), counts all of them, and fits SNS', (_, text) => {
    const longNames = taggedAll(text);
    const given: Given[] = [
      ...many(100, { tags: longNames, usage: USED }),
      ...many(100, { tags: longNames, usage: UNUSED }),
      ...many(100, { tags: longNames }),
      ...many(100, { tags: { ...longNames, ...until(text) } }),
      ...many(100, { tags: { ...longNames, ...until('2026-11-23') } }),
      ...many(100, { tags: { ...longNames, ...until('2026-11-21') }, usage: USED }),
      ...many(100, { tags: { ...longNames, ...until('2036-11-21') } }),
      ...many(100, { tags: longNames, options: { HttpTokens: text } }),
    ];
    const of = digest(given, { problems: many(20, {}).map(() => text) }, 'enforce-when-unused');
    const message = messageOf(of);
    const json = message.json as DigestDetail;
    expect(Buffer.byteLength(toSnsText(message), 'utf8')).toBeLessThanOrEqual(LIMIT);
    expect(json.instances.length).toBeGreaterThan(0);
    expect(json.counts).toMatchObject({ 'non-compliant': 600, exempt: 100, unreadable: 100 });
  });

  test('a digest of the maximum size lists all instances, one character more does not', () => {
    const longNames = taggedAll('x'.repeat(128));
    const digestWith = (longNamed: number, characters: number) =>
      digest(
        [
          // The value of a malformed tag is in the JSON form, and twice in the email, so a character is three bytes.
          ...Array.from({ length: 50 }, (_, index) => ({
            tags: until(`soon${'x'.repeat(Math.min(120, Math.max(0, characters - index * 120)))}`),
          })),
          ...many(longNamed, { tags: { ...longNames, ...until('2026-11-23') } }),
          ...many(50, { tags: longNames, usage: USED }),
        ],
        {},
        'enforce-when-unused',
      );
    const listed = (of: Digest) => jsonOf(of).instances.length;
    const one = bytes(digestWith(1, 0)) - bytes(digestWith(0, 0));
    const longNamed = Math.floor((LIMIT - 1_000 - bytes(digestWith(0, 0))) / one);
    expect(longNamed).toBeLessThan(50);
    const free = Math.floor((LIMIT - bytes(digestWith(longNamed, 0))) / 3);
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThan(50 * 120);
    expect(bytes(digestWith(longNamed, free))).toBeGreaterThan(LIMIT - 3);
    expect(bytes(digestWith(longNamed, free))).toBeLessThanOrEqual(LIMIT);
    expect(listed(digestWith(longNamed, free))).toBe(100 + longNamed);
    expect(listed(digestWith(longNamed, free + 1))).toBeLessThan(100);
  });

  test('sends one message about 100,000 non-compliant instances', () => {
    const of = digest(many(100_000, {}));
    expect(bytes(of)).toBeLessThanOrEqual(LIMIT);
    expect(jsonOf(of).nonCompliant).toEqual({ 'existing-instance': 100_000 });
  });
});

test('any names: a subject of ASCII under 100 characters, an email without invisible characters, links or injected lines', () => {
  const anyTags = fc.dictionary(
    fc.constantFrom(
      'Name',
      'imdsv2:exempt-until',
      'imdsv2:exempt-reason',
      'aws:autoscaling:groupName',
      'eks:nodegroup-name',
    ),
    hostileText(),
  );
  const anyInstance = fc
    .record({
      tags: anyTags,
      exempt: fc.constantFrom({}, until('2026-11-24'), until('2026-11-21')),
      HttpTokens: fc.constantFrom('optional', 'required', undefined),
      usage: fc.constantFrom(undefined, UNUSED, USED, { kind: 'unknown', why: 'no-data' } as const),
    })
    .map(({ tags, exempt, HttpTokens, usage }) => ({ tags: { ...tags, ...exempt }, options: { HttpTokens }, usage }));
  fc.assert(
    fc.property(
      fc.array(anyInstance, { maxLength: 20 }),
      fc.array(hostileText(), { maxLength: 3 }),
      fc.constantFrom(true, false, undefined),
      (instances, problems, hadImdsv1) => {
        const of = digest(
          instances,
          { problems, rejected: new Map([[instanceId(1), { calls: 1, hadImdsv1 }]]) },
          'enforce-when-unused',
        );
        const { subject, email, json } = messageOf(of);
        expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
        const lines = email.split('\n');
        expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
        expect(email).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
        // Fixed text, and lines of lists, which are indented.
        const FIXED =
          /^$|^IMDSv2 enforcer, |^\d+ instances?: |^\d+ non-compliant |^Deployment health issues:|^IMDSv1 calls rejected |^Exemptions that |^Overdue: |^Before HttpTokensEnforced |^Names and reasons |^ {2}/;
        expect(lines.filter((line) => !FIXED.test(line))).toEqual([]);
        expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
        expect(JSON.parse(JSON.stringify(json))).toMatchObject({ schema: 'imdsv2-enforcer.digest/v1' });
      },
    ),
    { numRuns: 80 },
  );
});
