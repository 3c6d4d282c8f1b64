/** What the description of a version that this command has created says. AWS remembers it, so that no file is needed. */
export interface Mark {
  /** `require`: as the source, with IMDSv2 required. `again`: as the source, so that `$Latest` means it again. */
  readonly kind: 'require' | 'again';
  readonly source: number;
  /** The version that `$Latest` meant before. */
  readonly latest: number;
}

const WORDS = { require: 'with HttpTokens=required', again: 'again' } as const;

const MARK = /^imdsv2-enforcer: version (\d{1,15}) (with HttpTokens=required|again) \(the latest was (\d{1,15})\)$/;

/** The description of a version. */
export const descriptionOf = ({ kind, source, latest }: Mark): string =>
  `imdsv2-enforcer: version ${source} ${WORDS[kind]} (the latest was ${latest})`;

/** The mark in a description; `undefined` if this command has not created the version. */
export function markIn(description = ''): Mark | undefined {
  const [, source, words, latest] = MARK.exec(description) ?? [];
  if (source === undefined) return undefined;
  return { kind: words === WORDS.again ? 'again' : 'require', source: Number(source), latest: Number(latest) };
}
