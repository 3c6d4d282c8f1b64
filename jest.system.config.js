import base from './jest.config.js';

/**
 * What is whole: the built bundles deployed to the local AWS by the templates that would be deployed, and pages in a real browser.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  roots: ['<rootDir>/test/system'],
  testPathIgnorePatterns: ['/node_modules/'],
};
