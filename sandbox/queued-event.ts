import { at, text } from './aws/wire/params.ts';

/** The event in a queue message, also if Lambda's on-failure destination wrapped it. */
export function eventIn(body: string): unknown {
  const content: unknown = JSON.parse(body);
  return at(content, 'requestPayload') ?? content;
}

/**
 * Whether a queue message is a post-change check.
 *
 * A check neither remediates an instance nor notifies of a remediation.
 */
export const isPostChangeCheck = (body: string): boolean => text(eventIn(body), 'detail-type') === 'Post-change check';
