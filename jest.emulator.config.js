import base from './jest.config.js';

/**
 * Started by bin/test-emulator.ts. One worker: the emulators are single servers, and their accounts are shared by all tests.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  roots: ['<rootDir>/test/emulator'],
  testMatch: ['**/*.emulator.ts'],
  globalSetup: '<rootDir>/test/emulator/support/global-setup.ts',
  maxWorkers: 1,
  testTimeout: 30_000,
};
