import type { Command } from './commands.ts';

/** Commands that are not run. */
interface NotRun {
  /** A part of the command by which it is known. */
  readonly containing: string;
  readonly because: string;
}

const DEPLOYS = 'changes stacks in AWS; `npm run synth` makes the templates, and the local AWS runs them';

export const NOT_RUN: readonly NotRun[] = [
  { containing: 'npm ci && npm start', because: 'two steps of .ci/run' },
  { containing: 'npm run sandbox -- --serve', because: 'runs until Ctrl-C; this check runs on the same local AWS' },
  { containing: 'npm run chaos', because: 'takes minutes; test/system/chaos.test.ts runs it' },
  { containing: 'npx cdk bootstrap', because: DEPLOYS },
  { containing: 'npx cdk deploy', because: DEPLOYS },
  { containing: 'npx cdk destroy', because: DEPLOYS },
];

/** Operations that the local AWS does not have. The AWS CLI checks their options, and makes no call. */
export const OPTIONS_ONLY: readonly string[] = [
  'cloudtrail lookup-events',
  'kms describe-key',
  'lambda delete-function-concurrency',
  'lambda get-account-settings',
  'lambda get-function-concurrency',
  'lambda get-function-event-invoke-config',
  'lambda put-function-concurrency',
  'lambda update-event-source-mapping',
  'sqs list-message-move-tasks',
  'sts decode-authorization-message',
];

/** Why a command is not run; `undefined` if it is. */
export const reasonNotToRun = ({ text }: Command, list = NOT_RUN): string | undefined =>
  list.find(({ containing }) => text.includes(containing))?.because;

/** Entries of the two lists that no command needs. */
export function unusedEntries(commands: readonly Command[], list = NOT_RUN, operations = OPTIONS_ONLY): string[] {
  const entries = [...list.map(({ containing }) => containing), ...operations.map((operation) => `aws ${operation}`)];
  return entries.filter((entry) => !commands.some(({ text }) => text.includes(entry)));
}
