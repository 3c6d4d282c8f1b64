/** Placeholders in the commands of the documentation, and what they stand for. */
export const PLACEHOLDERS = {
  'i-0123456789abcdef0': 'an instance in the home Region that has IMDSv1 enabled',
  'i-0a1b2c3d4e5f60718': 'the same instance; the command line uses this id in its examples',
  TOKEN: 'the token in the link of a subscription mail',
} as const;

export type Values = Readonly<Record<keyof typeof PLACEHOLDERS, string>>;

/** Puts values in the place of placeholders. */
export function substitute(text: string, values: Values): string {
  return Object.entries(values).reduce(
    (result, [placeholder, value]) => result.replaceAll(new RegExp(`\\b${placeholder}\\b`, 'g'), value),
    text,
  );
}
