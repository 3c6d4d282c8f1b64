import config from './jest.config.js';

/** The tests of the rooms that are mutated: pure and fast. */
export default { ...config, roots: ['<rootDir>/test/core', '<rootDir>/test/triggers', '<rootDir>/test/contract'] };
