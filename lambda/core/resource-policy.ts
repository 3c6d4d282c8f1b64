/** A request to a resource, as far as resource policies of the product decide about it. */
interface ResourceRequest {
  /** A service, such as `events.amazonaws.com`, or the ARN of an account's root. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys, by name in lower case. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * Whether the resource policy in a JSON text allows a request: a statement allows it, and none denies it.
 *
 * Never throws: a text that is no policy allows nothing. A condition that cannot be evaluated is not met.
 */
export function allows(policy: string | undefined, request: ResourceRequest): boolean {
  const effects = statementsIn(policy)
    .filter((statement) => applies(statement, request))
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

function statementsIn(policy: string | undefined): readonly Statement[] {
  try {
    const { Statement = [] } = JSON.parse(policy ?? '{}') as { readonly Statement?: Statement | Statement[] };
    return [Statement].flat();
  } catch {
    return [];
  }
}

function applies({ Principal, Action, Resource = '*', Condition = {} }: Statement, request: ResourceRequest): boolean {
  const principals = Principal === '*' ? ['*'] : Object.values(Principal ?? {}).flatMap(textsIn);
  return (
    (principals.includes('*') || principals.includes(request.principal)) &&
    textsIn(Action).some((pattern) => isLike(request.action.toLowerCase(), pattern.toLowerCase())) &&
    textsIn(Resource).some((pattern) => isLike(request.resource, pattern)) &&
    Object.entries(Condition as Record<string, Record<string, unknown>>).every(([operator, tests]) =>
      Object.entries(tests).every(([key, wanted]) =>
        isMet(operator, request.keys[key.toLowerCase()], textsIn(wanted).map(String)),
      ),
    )
  );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function isMet(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  const [, kind = '', negated, comparison = ''] =
    /^(String|Arn|Bool|Numeric)(Not)?(Equals|Like|LessThan)?(?:IfExists)?$/.exec(operator) ?? [];
  if (kind === '') return false;
  if (value === undefined) return negated !== undefined || operator.endsWith('IfExists');
  const isEqual = wanted.some((one) => {
    if (kind === 'Numeric')
      return comparison === 'LessThan' ? Number(value) < Number(one) : Number(value) === Number(one);
    return kind === 'Arn' || comparison === 'Like' ? isLike(value, one) : value === one;
  });
  return isEqual === (negated === undefined);
}

/** Whether a text matches a pattern of IAM: `*` stands for any text, `?` for any character. */
function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}

const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);
