/** What tests read of the JSON result of `enforce`. */
export interface Document {
  readonly plan: { readonly toRemediate: object[]; readonly leftAlone: Record<string, { readonly count: number }> };
  readonly result?: {
    readonly closed: readonly { readonly instanceId: string }[];
    readonly failed: readonly { readonly instanceId: string; readonly reason: string }[];
    readonly notDone: readonly { readonly instanceId: string }[];
    readonly interrupted: boolean;
    readonly throttledCalls: number;
  };
  readonly before: { readonly total: Record<string, number> };
  readonly after?: { readonly total: Record<string, number> };
}

export const idsOf = (those: readonly { readonly instanceId: string }[] = []): string[] =>
  those.map(({ instanceId }) => instanceId);

/** The JSON result of a run of `enforce`. */
export const documentOf = ({ out }: { readonly out: readonly string[] }): Document =>
  JSON.parse(out.join('')) as Document;
