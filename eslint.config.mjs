import js from '@eslint/js';
import { globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Names that hide what they hold. Which words are used for what is in cspell.config.yaml. */
const RIDDLES = ['there', 'those', 'theirs', 'told', 'kept', 'said', 'whose', 'here', 'elsewhere'];

export default tseslint.config(
  globalIgnores([
    'dist',
    'cdk.out',
    'coverage',
    'reports',
    '.stryker-tmp',
    '.emulator',
    '.cfn-lint',
    '.awscli',
    '.cache',
  ]),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs', '.*.mjs', '*.js', 'test/support/*.cjs'] } },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'id-denylist': ['error', ...RIDDLES],
      'max-lines': ['error', { max: 250 }],
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.{mjs,js,cjs}'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['test/support/*.cjs'],
    languageOptions: { globals: { require: 'readonly', module: 'writable' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  // `expect.objectContaining` and friends are typed `any`.
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  prettier,
);
