import type { Scenario } from './scenario.ts';

/** One case of the tour, with its expected outcome. */
export interface Case {
  readonly title: string;
  /** Makes the case happen. */
  readonly play: (scenario: Scenario) => Promise<Expectation>;
}

/** The expected outcome of a case. */
export interface Expectation {
  /** The options that instances must have at the end of the tour. */
  readonly instances: readonly ExpectedInstance[];
  readonly checks: readonly Check[];
  /** Whether the tour can continue with the next case. It does not wait for the running-state events. */
  readonly isDone: () => boolean;
}

export interface ExpectedInstance {
  readonly id: string;
  readonly HttpTokens: 'required' | 'optional';
  readonly HttpEndpoint?: 'enabled' | 'disabled';
  readonly HttpPutResponseHopLimit?: number;
}

export interface Check {
  readonly what: string;
  readonly passes: () => boolean;
}

/** Expects instances to require IMDSv2. */
export const compliant = (...ids: readonly string[]): ExpectedInstance[] =>
  ids.map((id) => ({ id, HttpTokens: 'required' }));

/** Expects instances to have IMDSv1 enabled. */
export const nonCompliant = (...ids: readonly string[]): ExpectedInstance[] =>
  ids.map((id) => ({ id, HttpTokens: 'optional' }));
