import type { Caller } from '../simulation/callers.ts';
import { ApiError } from '../wire/errors.ts';
import { judge } from './policy.ts';

/** What is evaluated of an API call. */
interface Call {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly caller: Caller;
}

/** IAM's prefix of a service whose name in the credential scope is another one. */
const PREFIX: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Calls that need the permission of another action. */
const ACTION: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  PublishBatch: 'Publish',
};

/** Error codes that are not `AccessDeniedException`. */
const CODE: Readonly<Record<string, string>> = {
  autoscaling: 'AccessDenied',
  cloudformation: 'AccessDenied',
  monitoring: 'AccessDenied',
  sns: 'AuthorizationError',
  sqs: 'AccessDenied',
  sts: 'AccessDenied',
};

/** The IAM action of a call, such as `cloudwatch:GetMetricData`. */
export const iamAction = ({ service, action }: Pick<Call, 'service' | 'action'>): string =>
  `${PREFIX[service] ?? service}:${ACTION[action] ?? action}`;

/**
 * Refuses a call to another service than EC2 that an explicit deny covers.
 *
 * That is all that these services evaluate: a statement that allows an action names resources that the local AWS may not have.
 *
 * @throws ApiError with the code and the words of the service.
 */
export function refuseDenied(call: Call): void {
  const { caller, service, region } = call;
  const denies = (caller.policies ?? []).filter(({ Effect }) => Effect === 'Deny');
  const action = iamAction(call);
  const keys = { 'aws:RequestedRegion': region };
  if (judge(denies, { action, resource: '*', keys }) !== 'explicit-deny') return;
  // GetCallerIdentity needs no permission, but the policy of a VPC endpoint can deny it.
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  const policy = service === 'sts' ? 'a VPC endpoint policy' : 'an identity-based policy';
  const text = `User: ${caller.arn} is not authorized to perform: ${spelled(service, action)} with an explicit deny in ${policy}`;
  throw new ApiError(CODE[service] ?? 'AccessDeniedException', text, 403);
}

/** SQS writes the action in lower case, and SNS its prefix in upper case. */
function spelled(service: string, action: string): string {
  if (service === 'sqs') return action.toLowerCase();
  return service === 'sns' ? action.replace('sns:', 'SNS:') : action;
}
