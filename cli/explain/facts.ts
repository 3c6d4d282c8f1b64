import type { Policy } from '../../lambda/core/decide.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import type { Usage } from '../../lambda/core/usage.ts';

/** Something that could not be read, and why. */
export interface Unread {
  readonly problem: string;
}

/** What is known about an instance. */
export interface Facts {
  readonly region: string;
  readonly snapshot: Snapshot;
  readonly defaults: AccountDefaults | Unread;
  /** IMDSv1 calls: accepted ones, or rejected ones if IMDSv2 is required. */
  readonly usage: Usage | Unread;
  readonly policy: Policy;
  readonly at: Date;
}

/** Whether something could not be read. */
export const isUnread = (fact: object): fact is Unread => 'problem' in fact;

/** Whether `usage` counts rejected calls: MetadataNoTokenRejected instead of MetadataNoToken. */
export const countsRejectedCalls = ({ options }: Snapshot): boolean => options.HttpTokens === 'required';
