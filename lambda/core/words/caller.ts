import { listed } from '../alert/lines.ts';
import type { Caller } from '../target.ts';
import { defang } from '../text.ts';

/** Who made the calls, as CloudTrail names them. */
export function describeCallers(callers: readonly (Caller | undefined)[]): string {
  const described = callers.map((caller) => {
    if (caller === undefined) return undefined;
    const { principal, session, sourceIp, userAgent, mfa, invokedBy } = caller;
    const parts = [
      defang(principal),
      session && `session ${defang(session)}`,
      sourceIp && `from ${defang(sourceIp)}`,
      mfa !== undefined && `MFA ${mfa ? 'yes' : 'no'}`,
      userAgent && `with ${defang(userAgent)}`,
      invokedBy && `on its behalf: ${defang(invokedBy)}`,
    ];
    return parts.filter((part) => typeof part === 'string' && part !== '').join(', ');
  });
  const names = listed(described);
  return names === undefined ? 'The event does not name the caller.' : `CloudTrail names ${names}`;
}
