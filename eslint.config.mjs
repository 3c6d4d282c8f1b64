import js from '@eslint/js';
import { globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const AWS_SDK = ['@aws-sdk/*', '@smithy/*'];
const RUNTIME = ['@middy/*', '@aws-lambda-powertools/*'];
const CDK = ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs', 'cdk-nag'];
const OUTSIDE = ['**/sandbox/**', '**/bench/**', '**/test/**', '**/build/**'];

/**
 * What a room may not import. Options of one rule do not merge between blocks (the last match wins),
 * so every room gets its complete list.
 */
const room = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default tseslint.config(
  globalIgnores(['dist', 'cdk.out', 'coverage', 'reports', '.stryker-tmp', '.emulator', '.cfn-lint']),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs', '*.js', 'test/support/*.cjs'] } },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.{mjs,js,cjs}'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['test/support/*.cjs'],
    languageOptions: { globals: { require: 'readonly', module: 'writable' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  room(
    ['lambda/core/**', 'lambda/triggers/**'],
    [
      ...AWS_SDK,
      ...RUNTIME,
      ...CDK,
      ...OUTSIDE,
      'node:*',
      'p-map',
      '**/app/**',
      '**/adapters/**',
      '**/handlers/**',
      '**/lib/**',
      '**/bin/**',
      '**/config.ts',
    ],
    'core and triggers are pure: they import themselves and contract.ts only',
  ),
  room(
    ['lambda/app/**'],
    [
      ...AWS_SDK,
      ...RUNTIME,
      ...CDK,
      ...OUTSIDE,
      'node:*',
      '**/adapters/**',
      '**/handlers/**',
      '**/lib/**',
      '**/bin/**',
    ],
    'use cases talk to ports',
  ),
  room(
    ['lambda/adapters/**', 'lambda/*.ts'],
    [...CDK, ...OUTSIDE, '**/handlers/**', '**/lib/**', '**/bin/**'],
    'no CDK and no entry points here',
  ),
  room(['lambda/handlers/**'], [...CDK, ...OUTSIDE, '**/lib/**', '**/bin/**'], 'no CDK at run time'),
  room(
    ['lib/**'],
    [
      ...AWS_SDK,
      ...RUNTIME,
      ...OUTSIDE,
      '**/bin/**',
      '**/lambda/core/**',
      '**/lambda/app/**',
      '**/lambda/adapters/**',
      '**/lambda/handlers/**',
    ],
    'lib reads lambda/config, lambda/contract and lambda/triggers only',
  ),
  // `expect.objectContaining` and friends are typed `any`.
  { files: ['test/**'], rules: { '@typescript-eslint/no-unsafe-assignment': 'off' } },
  prettier,
);
