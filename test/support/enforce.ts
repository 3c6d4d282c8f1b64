/** The parts of the JSON result of `enforce` that tests read. */
export interface Document {
  readonly plan: {
    readonly toRemediate: object[];
    readonly leftOut: object[];
    readonly included: object[];
    readonly unchanged: Record<string, { readonly count: number }>;
  };
  readonly result?: {
    readonly remediated: readonly { readonly instanceId: string }[];
    readonly failed: readonly { readonly instanceId: string; readonly reason: string }[];
    readonly remaining: readonly { readonly instanceId: string }[];
    readonly interrupted: boolean;
    readonly throttledCalls: number;
  };
  readonly before: { readonly total: Record<string, number> };
  readonly postChangeCheck?: { readonly scheduledIn?: string; readonly problem?: string; readonly affected?: string[] };
  readonly after?: { readonly total: Record<string, number> };
}

export const idsOf = (instances: readonly { readonly instanceId: string }[] = []): string[] =>
  instances.map(({ instanceId }) => instanceId);

/** Parses the JSON result of `enforce`. */
export const documentOf = ({ out }: { readonly out: readonly string[] }): Document =>
  JSON.parse(out.join('')) as Document;
