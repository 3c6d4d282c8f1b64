import type { Statement } from '../iam/policy.ts';

/** Without service control policies an organization allows everything. */
const FULL_ACCESS: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };

/** https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html */
const SERVICE_LINKED = /:assumed-role\/AWSServiceRoleFor/;

/** The identity that an access key belongs to. */
export interface Caller {
  /** An IAM user, the root user, or an assumed-role session. */
  readonly arn: string;
  /** Recorded instead of the request header. */
  readonly userAgent?: string;
  readonly sourceIp?: string;
  /** The AWS service that makes the call, such as `autoscaling.amazonaws.com`. */
  readonly invokedBy?: string;
  /** Policies that EC2 evaluates, and of which the other services evaluate the denies. @default every action is allowed */
  readonly policies?: readonly Statement[];
}

/** The access keys of the account. Signatures are not verified. */
export class Callers {
  /** What the organization denies to the callers of the account. Service-linked roles are exempt. */
  public readonly serviceControlPolicies: Statement[] = [];
  readonly #known: Map<string, Caller>;
  readonly #fallback: Caller;

  public constructor(account: string, known: Readonly<Record<string, Caller>> = {}) {
    this.#known = new Map(Object.entries(known));
    this.#fallback = { arn: `arn:aws:sts::${account}:assumed-role/Developer/dev` };
  }

  public add(accessKeyId: string, caller: Caller): void {
    this.#known.set(accessKeyId, caller);
  }

  public of(accessKeyId: string): Caller {
    const caller = this.#known.get(accessKeyId) ?? this.#fallback;
    if (this.serviceControlPolicies.length === 0 || SERVICE_LINKED.test(caller.arn)) return caller;
    return { ...caller, policies: [...(caller.policies ?? [FULL_ACCESS]), ...this.serviceControlPolicies] };
  }
}
