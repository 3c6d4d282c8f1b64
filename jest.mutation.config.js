import config from './jest.config.js';

/**
 * The tests of the rooms that are mutated. Properties over thousands of made-up inputs (fuzz) are left out: they would take
 * seconds for each mutant that lives, and what kills a mutant should be an example that names the rule. The limits of messages
 * are such examples, though they take seconds too, and come last.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  // `support` holds no tests, but without it a test that reaches a mutant by way of it does not count as related.
  roots: ['core', 'triggers', 'contract', 'support'].map((room) => `<rootDir>/test/${room}`),
  testPathIgnorePatterns: ['/fuzz\\.test\\.ts$'],
  testSequencer: '<rootDir>/test/support/light-first-sequencer.cjs',
};
