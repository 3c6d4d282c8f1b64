import { clean } from '../../lambda/core/text.ts';
import { UsageError } from './command.ts';

/** The longest text of an error. */
const TEXT = 600;

/** Describes an error in one line: what went wrong and what helps. */
export function explainError(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  const cause = rootOf(error);
  if (!(cause instanceof Error)) return clean(String(cause), TEXT);
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return `${plain(cause)}; check the name of the Region`;
  if (NO_RESPONSE.test(code)) return `${plain(cause)}; check the network, and AWS_ENDPOINT_URL if it is set`;
  const text = clean(cause.message, TEXT);
  if (cause.name === 'CredentialsProviderError')
    return `no AWS credentials (${text}): select a profile with --profile or AWS_PROFILE, or log in first`;
  if (EXPIRED.test(cause.name)) return `the AWS credentials have expired (${text}): log in again`;
  if (NOT_ACCEPTED.test(cause.name))
    return `AWS does not accept the credentials (${text}); a Region that is not enabled causes the same error`;
  if (DENIED.test(cause.name))
    return `missing permission${actionIn(cause.message)}: ${clean(deniedIn(cause.message), TEXT).replace(/\.$/, '')}`;
  return plain(cause);
}

const NO_RESPONSE = /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT|AI_AGAIN)$/;
const EXPIRED = /^(ExpiredToken(Exception)?|RequestExpired)$/;
const NOT_ACCEPTED = /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch)$/;
const DENIED = /^(UnauthorizedOperation|AccessDenied(Exception)?|AuthorizationError(Exception)?)$/;

function plain(error: Error): string {
  // When a host has several addresses and none responds, the AggregateError of Node.js has no message.
  const message = (error.message || (error as NodeJS.ErrnoException).code || '').replace(HANDLER, '');
  return clean(error.name === 'Error' || message.startsWith(error.name) ? message : `${error.name}: ${message}`, TEXT);
}

/** Whether a policy denies a call. The error of a Region that is not enabled, or of wrong credentials, is another one. */
export function isDenied(error: unknown): boolean {
  const cause = rootOf(error);
  return cause instanceof Error && DENIED.test(cause.name);
}

/** What to do about a missing permission without which a command cannot do its work; `''` about other errors. */
export const adviceOn = (error: unknown): string => (isDenied(error) ? DENIED_ADVICE : '');

/** What to do about a missing permission. */
export const DENIED_ADVICE = '; allow it, or select another profile with --profile or AWS_PROFILE';

/** The prefix of the SDK's messages about a connection. */
const HANDLER = /^@smithy\/node-http-handler - \[[A-Z]+\] /;

/** The error of the SDK, without the FailureError that an adapter wraps it in. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'FailureError' && error.cause !== undefined ? error.cause : error;
}

/** The part of an EC2 authorization error that is the same for each call: without the encoded message. */
export const deniedIn = (message: string): string =>
  message
    .replace(/\s*Encoded authorization failure message: \S+/, '')
    .replace(/^(.*: )?You are not authorized to perform this operation\. (?=User: )/, '$1');

/** Describes why a file could not be read. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EISDIR') return 'is a directory';
  return code === 'EACCES' ? 'cannot be read: permission denied' : `cannot be read: ${clean(message)}`;
}

function actionIn(message: string): string {
  const [, action] = /not authorized to perform:? ([\w-]+:\w+)/.exec(message) ?? [];
  return action === undefined ? '' : ` ${action}`;
}
