import { clean } from '../../lambda/core/text.ts';
import { UsageError } from './command.ts';

const TEXT = 600;

/** One line about what went wrong: what, and what would help. */
export function explainError(error: unknown, interrupted?: AbortSignal): string {
  if (interrupted?.aborted) return 'interrupted';
  if (error instanceof UsageError) return error.message;
  const cause = rootOf(error);
  if (!(cause instanceof Error)) return clean(String(cause), TEXT);
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return `${plain(cause)}; is the name of the region right?`;
  if (NO_ANSWER.test(code)) return `${plain(cause)}; is there a network, and is AWS_ENDPOINT_URL right, if it is set?`;
  return SENTENCES.find(({ names }) => names.includes(cause.name))?.say(cause) ?? plain(cause);
}

const NO_ANSWER = /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT|AI_AGAIN)$/;

function plain(error: Error): string {
  // Where a name has several addresses and none of them answers, Node.js gives an error without a message.
  const message = (error.message || (error as NodeJS.ErrnoException).code || '').replace(HANDLER, '');
  return clean(error.name === 'Error' || message.startsWith(error.name) ? message : `${error.name}: ${message}`, TEXT);
}

/** What the SDK puts before its own words about a connection. */
const HANDLER = /^@smithy\/node-http-handler - \[[A-Z]+\] /;

/** Ports wrap what the SDK throws; people want to know what AWS said. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'FailureError' && error.cause !== undefined ? error.cause : error;
}

const SENTENCES: readonly { readonly names: readonly string[]; readonly say: (error: Error) => string }[] = [
  {
    names: ['CredentialsProviderError'],
    say: ({ message }) =>
      `no AWS credentials (${clean(message, TEXT)}): name a profile that has them by --profile or AWS_PROFILE, or log in first`,
  },
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired'],
    say: ({ message }) => `the AWS credentials have expired (${clean(message, TEXT)}): log in again`,
  },
  {
    names: ['AuthFailure', 'InvalidClientTokenId', 'UnrecognizedClientException', 'SignatureDoesNotMatch'],
    say: ({ message }) =>
      `AWS does not accept the credentials (${clean(message, TEXT)}); a region that is not enabled says the same`,
  },
  {
    names: ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException', 'AuthorizationError'],
    say: ({ message }) => `missing permission${actionIn(message)}: ${clean(deniedIn(message), TEXT)}`,
  },
];

/** Who may not do what. Beside that EC2 encodes why, in a thousand characters that are other ones each time. */
export const deniedIn = (message: string): string =>
  message
    .replace(/\s*Encoded authorization failure message: \S+/, '')
    .replace(/^(.*: )?You are not authorized to perform this operation\. (?=User: )/, '$1');

function actionIn(message: string): string {
  const [, action] = /not authorized to perform:? ([\w-]+:\w+)/.exec(message) ?? [];
  return action === undefined ? '' : ` ${action}`;
}
