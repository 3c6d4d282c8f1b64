import base from './jest.config.js';

/**
 * System tests: the built bundles, deployed to the local AWS from the synthesized templates, and pages in a real browser.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  roots: ['<rootDir>/test/system'],
  testPathIgnorePatterns: ['/node_modules/'],
};
