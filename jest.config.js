import process from 'node:process';

// The CDK's template validation takes seconds to start in every suite that synthesizes, and no test reads its warnings.
// `npm run synth` still runs it.
process.env.CDK_VALIDATION = 'false';

// Not UTC, so that a test fails where local time is used by mistake.
process.env.TZ = 'Asia/Kolkata';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Nothing is written outside the checkout.
  cacheDirectory: '<rootDir>/.cache/jest',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // By default, jest leaves one core idle.
  maxWorkers: '100%',
  // Workers and bundles start slowly on a busy machine.
  testTimeout: 30_000,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // System tests are slow and run separately: jest.system.config.js.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/system/'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['lambda/**/*.ts', 'lib/**/*.ts', 'sandbox/**/*.ts'],
  transform: { '\\.[cm]?[jt]s$': '<rootDir>/test/support/esbuild-transform.cjs' },
  // These packages are published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@middy|p-map|saxen)/)'],
};
