import type { Params } from './params.ts';

type Tree = { [name: string]: Tree | string };

/** Names that the AWS Query protocol puts around lists. EC2 uses none. */
const LIST_WRAPPERS = new Set(['member', 'entry']);

/**
 * Parses a form body of the EC2 or AWS Query protocol.
 *
 * `Filter.1.Value.2=x` becomes `{Filter: [{Value: [.., 'x']}]}`.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
 */
export function parseForm(body: string): Params {
  const root: Tree = Object.create(null) as Tree;
  for (const [path, value] of new URLSearchParams(body)) {
    const names = path.split('.');
    const last = names.pop() ?? path;
    let node = root;
    for (const name of names) {
      const next = node[name];
      node = typeof next === 'object' ? next : (node[name] = Object.create(null) as Tree);
    }
    node[last] = value;
  }
  return toParams(root) as Params;
}

function toParams(node: Tree | string): unknown {
  if (typeof node === 'string') return node;
  const names = Object.keys(node);
  const [first] = names;
  if (names.length === 1 && first !== undefined && LIST_WRAPPERS.has(first) && typeof node[first] === 'object') {
    return toParams(node[first]);
  }
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name))) {
    return names.sort((a, b) => Number(a) - Number(b)).map((name) => toParams(node[name] ?? ''));
  }
  return Object.fromEntries(names.map((name) => [name, toParams(node[name] ?? '')]));
}
