import type { Scenario } from './scenario.ts';

/** One thing that can happen, and what must come of it. */
export interface Case {
  readonly title: string;
  /** Makes it happen. */
  readonly play: (scenario: Scenario) => Promise<Scene>;
}

/** What was made to happen. */
export interface Scene {
  /** Its instances, with the options they must have in the end. */
  readonly instances: readonly Expected[];
  /** What must be true besides, in words, and whether it is. */
  readonly checks: readonly Check[];
  /** Whether what the tour waits for before it goes on has happened; the running-state queue comes later anyway. */
  readonly done: () => boolean;
}

export interface Expected {
  readonly id: string;
  readonly HttpTokens: 'required' | 'optional';
  readonly HttpEndpoint?: 'enabled' | 'disabled';
  readonly HttpPutResponseHopLimit?: number;
}

export interface Check {
  readonly what: string;
  readonly holds: () => boolean;
}

/** The instances all closed. */
export const closed = (...ids: readonly string[]): Expected[] => ids.map((id) => ({ id, HttpTokens: 'required' }));

/** The instances left as they were. */
export const leftNonCompliant = (...ids: readonly string[]): Expected[] =>
  ids.map((id) => ({ id, HttpTokens: 'optional' }));
