import config from './jest.config.js';

/**
 * Tests for mutation testing: those of the mutated directories.
 *
 * Property tests are left out, because they take seconds for each surviving mutant, and an example that names the rule should
 * kill a mutant. The slow examples of message limits run last.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  // `support` has no tests, but without it Stryker does not relate a test to the mutants that it reaches through `support`.
  roots: ['core', 'triggers', 'contract', 'support'].map((directory) => `<rootDir>/test/${directory}`),
  testPathIgnorePatterns: ['/fuzz\\.test\\.ts$'],
  testSequencer: '<rootDir>/test/support/light-first-sequencer.cjs',
};
