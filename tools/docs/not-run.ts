import type { Command } from './commands.ts';

/** Commands that cannot run on the local AWS. */
interface NotRun {
  /** A part of the command by which it is known. */
  readonly containing: string;
  readonly because: string;
}

const DEPLOYS = 'changes stacks in AWS; `npm run synth` makes the templates, and the local AWS runs them';
const NOT_IN_LOCAL_AWS = 'the local AWS does not have this API';

export const NOT_RUN: readonly NotRun[] = [
  { containing: 'npm ci && npm start', because: 'two steps of .ci/run' },
  { containing: 'npm run sandbox -- --serve', because: 'runs until Ctrl-C; this check runs on the same local AWS' },
  { containing: 'npm run chaos', because: 'takes minutes; test/system/chaos.test.ts runs it' },
  { containing: 'npx cdk bootstrap', because: DEPLOYS },
  { containing: 'npx cdk deploy', because: DEPLOYS },
  { containing: 'npx cdk destroy', because: DEPLOYS },
  { containing: 'aws cloudtrail lookup-events', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws kms describe-key', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws lambda delete-function-concurrency', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws lambda get-account-settings', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws lambda get-function-concurrency', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws lambda put-function-concurrency', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws lambda update-event-source-mapping', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws sqs list-message-move-tasks', because: NOT_IN_LOCAL_AWS },
  { containing: 'aws sts decode-authorization-message', because: NOT_IN_LOCAL_AWS },
];

/** Why a command is not run; `undefined` if it is. */
export const reasonNotToRun = ({ text }: Command, list = NOT_RUN): string | undefined =>
  list.find(({ containing }) => text.includes(containing))?.because;

/** Entries of the list that match no command. */
export const unusedEntries = (commands: readonly Command[], list = NOT_RUN): readonly string[] =>
  list
    .filter(({ containing }) => !commands.some(({ text }) => text.includes(containing)))
    .map(({ containing }) => containing);
