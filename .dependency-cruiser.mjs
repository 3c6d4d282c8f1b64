/**
 * Which directory may import which, and no cycles. Checked by `npm run lint`.
 *
 * A rule says what is forbidden: `path` is a regular expression over the files and packages of the project.
 */

const AWS_SDK = 'node_modules/(@aws-sdk|@smithy)/';
const CDK = 'node_modules/(aws-cdk-lib|constructs|cdk-nag)/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that import each other can only be read together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import must name a file, a package in package.json or a module of Node.js.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'core-is-pure',
      comment: 'core and triggers import themselves and contract.ts: no SDK, no clock, no environment.',
      severity: 'error',
      from: { path: '^lambda/(core|triggers)/' },
      to: { pathNot: '^lambda/(core/|triggers/|contract\\.ts$)' },
    },
    {
      name: 'core-knows-no-triggers',
      comment: 'A trigger hands its traits to core, so that a new trigger changes nothing there.',
      severity: 'error',
      from: { path: '^lambda/core/' },
      to: { path: '^lambda/triggers/' },
    },
    {
      name: 'use-cases-know-ports',
      comment: 'Use cases reach AWS through ports; a composition root passes the adapters in.',
      severity: 'error',
      from: { path: '^lambda/app/' },
      to: { pathNot: '^(lambda/(app/|core/|triggers/|contract\\.ts$)|node_modules/p-map/)' },
    },
    {
      name: 'adapters-know-no-handlers',
      comment: 'Handlers compose adapters, not the other way round.',
      severity: 'error',
      from: { path: '^lambda/(adapters/|[^/]+\\.ts$)' },
      to: { path: '^lambda/handlers/' },
    },
    {
      name: 'run-time-without-cdk',
      comment:
        'What runs in Lambda is bundled: it must not reach the CDK, the command line or anything for maintainers.',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: `^((bin|cli|lib|build|sandbox|tools|bench|test)/|${CDK})` },
    },
    {
      name: 'constructs-without-run-time',
      comment:
        'Constructs read names, settings, event patterns and pure code of the functions, and nothing else of them.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: `^((bin|cli|build|sandbox|tools|bench|test)/|lambda/(app|adapters|handlers)/|${AWS_SDK})` },
    },
    {
      name: 'command-line-without-cdk',
      comment: 'The command line is one bundled file that needs nothing but Node.js.',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: `^((bin|lib|build|sandbox|tools|bench|test)/|${CDK})` },
    },
    {
      name: 'sandbox-stands-below',
      comment: 'Entry points pass the command line to the sandbox.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { path: '^(bin|cli|tools|bench|test)/' },
    },
    {
      name: 'sandbox-is-for-entry-points',
      comment: 'The local AWS is no part of the product.',
      severity: 'error',
      from: { pathNot: '^(sandbox|bin|tools|bench|test)/' },
      to: { path: '^sandbox/' },
    },
    {
      name: 'local-aws-without-scenarios',
      comment: 'Scenarios are played on the local AWS, which knows none of them.',
      severity: 'error',
      from: { path: '^sandbox/aws/' },
      to: { path: '^sandbox/(?!aws/)' },
    },
    {
      name: 'nothing-imports-entry-points',
      comment: 'Files of bin, tools and bench run when they are imported.',
      severity: 'error',
      from: { pathNot: '^(tools|bench|test)/' },
      to: { path: '^(bin|tools|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|cdk\\.out|coverage|reports)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
