import fc from 'fast-check';
import { fitting, wrapped } from '../../cli/common/fit.ts';
import { recordingIo } from '../support/io.ts';

function fitted(text: string, columns: number): readonly string[] {
  const { io, out } = recordingIo({ columns });
  fitting(io).out(text);
  return out;
}

test.each([
  ['a sentence', 'one two three four', ['one two', 'three four']],
  ['below its indentation', '  one two three four', ['  one two', '  three', '  four']],
  ['below its arrow', '→ one two three four', ['→ one two', '  three', '  four']],
  ['below its number', ' 12  one two three', [' 12  one', '     two', '     three']],
  ['each of its lines', 'one two three\nfour', ['one two', 'three', 'four']],
])('breaks %s', (_, text, lines) => {
  expect(fitted(text, 11)).toEqual(lines);
});

test.each([
  "aws ec2 create-tags --resources i-0a1b2c3d4e5f60718 --tags Key=a,Value='b c' Key=d,Value=e",
  'imdsv2 rollback i-0a1b2c3d4e5f60718 --region eu-west-1 --for 14d --reason "agent X"',
  `aws ec2 create-launch-template-version --launch-template-data '{"MetadataOptions":{"HttpTokens":"required"}}'`,
  'cdk deploy --all',
])('does not break %s in a sentence', (command) => {
  const lines = fitted(`To mend it, run first: ${command}; then look at it again, a minute later.`, 30);
  expect(lines.filter((line) => line.includes(`${command};`))).toHaveLength(1);
  expect(lines.join(' ')).toBe(`To mend it, run first: ${command}; then look at it again, a minute later.`);
});

test('a command that is only named is a part of the sentence', () => {
  expect(wrapped('as imdsv2 callers does, which has more', 20)).toEqual(['as imdsv2 callers', 'does, which has more']);
});

test('any text: words stay whole and in order, and only a word alone is wider than the terminal', () => {
  const word = fc.stringMatching(/^[a-z0-9:.,→-]{1,30}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 30 }),
      fc.nat(8),
      fc.integer({ min: 20, max: 80 }),
      (words, indent, columns) => {
        const lines = fitted(' '.repeat(indent) + words.join(' '), columns);
        expect(lines.join(' ').split(/\s+/).filter(Boolean)).toEqual(words);
        for (const line of lines) if (line.length > columns) expect(line.trim().split(' ').length).toBeLessThan(3);
      },
    ),
  );
});

test('breaks a quoted line with its bar', () => {
  expect(fitted('    | one two three', 13)).toEqual(['    | one two', '    | three']);
});
