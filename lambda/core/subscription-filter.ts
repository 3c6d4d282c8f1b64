import { SEVERITIES, STATUSES } from '../contract.ts';

/**
 * Whether a filter policy of the topic of alerts lets every alert of HIGH and CRITICAL pass.
 *
 * A policy that cannot be judged does not. https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export function passesUrgent(
  json: string,
  { account, regions }: { readonly account: string; readonly regions: readonly string[] },
): boolean {
  // Statuses and severities that an alert can have: nothing is notified about a skipped instance.
  const status = [...STATUSES.filter((one) => one !== 'skipped'), 'digest', 'workload-impact', 'prevention'];
  const possible: Readonly<Record<string, readonly string[]>> = {
    severity: SEVERITIES.slice(-2),
    status,
    account: [account],
    region: regions,
  };
  return Object.entries(parsed(json)).every(([attribute, conditions]) => {
    const values = possible[attribute];
    return (
      values !== undefined && Array.isArray(conditions) && values.every((value) => conditions.some(accepts(value)))
    );
  });
}

const accepts =
  (value: string) =>
  (condition: unknown): boolean => {
    if (typeof condition === 'string') return condition === value;
    const { prefix, suffix, exists, 'anything-but': excluded } = (condition ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof prefix === 'string') return value.startsWith(prefix);
    if (typeof suffix === 'string') return value.endsWith(suffix);
    if (excluded !== undefined) return !([excluded].flat() as readonly unknown[]).includes(value);
    return exists === true;
  };

function parsed(json: string): object {
  try {
    return JSON.parse(json) as object;
  } catch {
    return { '': [] };
  }
}
