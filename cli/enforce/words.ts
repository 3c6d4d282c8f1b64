import type { LeftReason } from './plan.ts';

const LEFT: Readonly<Partial<Record<LeftReason, string>>> = {
  compliant: 'tokens are required already',
  pending: 'tokens are required, and EC2 is still applying it',
  exempt: 'a dated exemption covers them',
  'imds-off': 'IMDS is off: nothing answers',
  'aws-managed': 'an AWS service operates them: nobody else can change them',
  unreadable: 'EC2 did not state their options in a form we know',
  'exemption-malformed': 'their exemption is not a date: correct or revoke it',
  'exemption-exceeds-maximum': 'their exemption reaches too far: correct or revoke it',
  terminated: 'terminated',
};

/** Why instances are left alone, for people. */
export const leftLabel = (reason: LeftReason): string => LEFT[reason] ?? reason;

/** Those that somebody should look at. */
export const LEFT_PROBLEMS: readonly LeftReason[] = ['unreadable', 'exemption-malformed', 'exemption-exceeds-maximum'];

/** A time span as people say it. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** The first few of many, and how many more there are. */
export function some(things: readonly string[], most: number): string {
  const more = things.length - most;
  return more > 0 ? `${things.slice(0, most).join(', ')} and ${more} more` : things.join(', ');
}

/** `1 instance`, `2 instances`. */
export const instances = (count: number): string =>
  `${count.toLocaleString('en-US')} instance${count === 1 ? '' : 's'}`;
