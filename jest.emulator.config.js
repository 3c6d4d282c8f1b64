import base from './jest.config.js';

/**
 * Tests against an AWS emulator, started by tools/test-emulator.ts. One worker, because all tests share the emulator's account.
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
