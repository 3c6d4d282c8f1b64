import fc from 'fast-check';
import { type Digest } from '../../lambda/core/digest.ts';
import type { DigestJson } from '../../lambda/core/digest-message.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import { instanceId } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

import { until, UNUSED, USED, digest, messageOf, jsonOf, emailOf, many, type Given } from '../support/digest.ts';

describe('size', () => {
  const LIMIT = 240 * 1024;
  const bytes = (of: Digest) => Buffer.byteLength(toSnsText(messageOf(of)), 'utf8');

  test('50 of each sort are named, and the rest is counted', () => {
    const of = digest([...many(60, {}), ...many(55, { tags: until('2026-11-23') })], {
      rejected: new Map(many(70, {}).map((_, index) => [instanceId(index), 1])),
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
  ])('names however heavy with %s: fewer are named, the counts stay, and it fits SNS', (_, text) => {
    const heavy = taggedAll(text);
    const given: Given[] = [
      ...many(100, { tags: heavy, usage: USED }),
      ...many(100, { tags: heavy, usage: UNUSED }),
      ...many(100, { tags: heavy }),
      ...many(100, { tags: { ...heavy, ...until(text) } }),
      ...many(100, { tags: { ...heavy, ...until('2026-11-23') } }),
      ...many(100, { tags: { ...heavy, ...until('2026-11-21') }, usage: USED }),
      ...many(100, { tags: { ...heavy, ...until('2036-11-21') } }),
      ...many(100, { tags: heavy, options: { HttpTokens: text } }),
    ];
    const of = digest(given, { problems: many(20, {}).map(() => text) }, 'enforce-when-unused');
    const message = messageOf(of);
    const json = message.json as DigestJson;
    expect(Buffer.byteLength(toSnsText(message), 'utf8')).toBeLessThanOrEqual(LIMIT);
    expect(json.instances.length).toBeGreaterThan(0);
    expect(json.counts).toMatchObject({ open: 600, exempt: 100, unreadable: 100 });
  });

  test('exactly as heavy as allowed names as many as ever, a byte more does not', () => {
    const heavy = taggedAll('x'.repeat(128));
    const weighing = (heavies: number, bytesMore: number) =>
      digest([
        // The value of a tag that cannot be read is in the mail only, where a letter is a byte.
        ...Array.from({ length: 50 }, (_, index) => ({
          tags: until(`soon${'x'.repeat(Math.min(120, Math.max(0, bytesMore - index * 120)))}`),
        })),
        ...many(heavies, { tags: { ...heavy, ...until('2026-11-23') } }),
        ...many(50, { tags: heavy }),
      ]);
    const named = (of: Digest) => jsonOf(of).instances.length;
    const one = bytes(weighing(1, 0)) - bytes(weighing(0, 0));
    const heavies = Math.floor((LIMIT - 1_000 - bytes(weighing(0, 0))) / one);
    expect(heavies).toBeLessThan(50);
    const room = LIMIT - bytes(weighing(heavies, 0));
    expect(room).toBeGreaterThan(0);
    expect(room).toBeLessThan(50 * 120);
    expect([bytes(weighing(heavies, room)), named(weighing(heavies, room))]).toEqual([LIMIT, 100 + heavies]);
    expect(named(weighing(heavies, room + 1))).toBeLessThan(100);
  });

  test('hundred thousand open instances are one message', () => {
    const { nonCompliant, compliance } = digest([{}]);
    const [one] = nonCompliant;
    if (one === undefined) throw new Error('no instance to repeat');
    const all = Array.from({ length: 100_000 }, (_, index) => ({ ...one, instanceId: instanceId(index) }));
    const of = digest([], { nonCompliant: all, compliance });
    expect(bytes(of)).toBeLessThanOrEqual(LIMIT);
    expect(jsonOf(of).nonCompliant).toEqual({ 'existing-instance': 100_000 });
  });
});

test('for any names: subject under 100 ASCII characters, mail without hidden characters, links or extra lines', () => {
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
  const given = fc
    .record({
      tags: anyTags,
      exempt: fc.constantFrom({}, until('2026-11-24'), until('2026-11-21')),
      HttpTokens: fc.constantFrom('optional', 'required', undefined),
      usage: fc.constantFrom(undefined, UNUSED, USED, { kind: 'unknown', why: 'no-data' } as const),
    })
    .map(({ tags, exempt, HttpTokens, usage }) => ({ tags: { ...tags, ...exempt }, options: { HttpTokens }, usage }));
  fc.assert(
    fc.property(fc.array(given, { maxLength: 20 }), fc.array(hostileText(), { maxLength: 3 }), (those, problems) => {
      const of = digest(those, { problems, rejected: new Map([[instanceId(1), 1]]) }, 'enforce-when-unused');
      const { subject, email, json } = messageOf(of);
      expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
      const lines = email.split('\n');
      expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
      expect(email).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
      // Lines of ours, and lines in a list: those that name an instance begin with its id.
      const OURS =
        /^$|^IMDSv2 enforcer, |^\d+ instances: |^\d+ open: |^Something is off |^IMDSv1 was refused |^Exemptions that |^Before HttpTokensEnforced |^Names and reasons |^ {2}/;
      expect(lines.filter((line) => !OURS.test(line))).toEqual([]);
      expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      expect(JSON.parse(JSON.stringify(json))).toMatchObject({ schema: 'imdsv2-enforcer.digest/v1' });
    }),
    { numRuns: 80 },
  );
});
