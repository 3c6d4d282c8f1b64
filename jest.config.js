import process from 'node:process';

// The CDK's own look at templates is a WebAssembly engine that takes seconds to start, in every suite that synthesizes, and its
// findings are warnings that no test reads. `npm run synth` still has it.
process.env.CDK_VALIDATION = 'false';

// Anything but UTC, so that a test notices who takes local time for it.
process.env.TZ = 'Asia/Kolkata';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // By default jest leaves one core idle, which is half of a small machine.
  maxWorkers: '100%',
  // Workers and bundles start slowly on a busy machine; no test waits this long for what it asserts.
  testTimeout: 30_000,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // They take a third of the time of all the others, and have a run of their own: jest.system.config.js.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/system/'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['lambda/**/*.ts', 'lib/**/*.ts', 'sandbox/**/*.ts'],
  transform: { '\\.[cm]?[jt]s$': '<rootDir>/test/support/esbuild-transform.cjs' },
  // These packages are published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@middy|p-map)/)'],
};
