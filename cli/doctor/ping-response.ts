import { type Json, text } from '../../lambda/triggers/json.ts';
import type { CheckResult } from './check-result.ts';

const check = 'ping';

const REFUSED = 'runbook, "EC2 denies the change"';

/**
 * The results of the response to a ping.
 *
 * @param guardOff whether the setting roleGuard is off: the role has no deny statements.
 * @param noInstance why the ping named no instance for the dry runs.
 */
export function resultsOf(response: Json, guardOff: boolean, noInstance: string | undefined): readonly CheckResult[] {
  const mode = text(response, 'mode');
  const instanceId = text(response, 'instanceId');
  const responded: CheckResult = { check, level: 'ok', text: `the function responded, mode ${mode ?? 'unknown'}` };
  if (instanceId === undefined) {
    const action = 'name an instance: --instance-id';
    const reason = noInstance ?? 'no instance';
    return [responded, { check: 'role', level: 'warn', text: `not checked: ${reason}`, action }];
  }
  return [responded, requireTokens(response, mode, instanceId), allowImdsv1(response, mode, guardOff)];
}

const messageOf = (response: Json, dryRun: string): string => text(response, dryRun, 'message') ?? 'no message';

/** In audit mode the role must not have the permission; in enforce mode it must. */
function requireTokens(response: Json, mode: string | undefined, instanceId: string): CheckResult {
  const result = { check: 'role' };
  const audit = mode === 'audit';
  switch (text(response, 'required', 'verdict')) {
    case 'allowed':
      return audit
        ? {
            ...result,
            level: 'fail',
            text: 'mode audit, but the role is allowed to modify instances',
            action: 'the role was changed: compare it with the stack, and remove the additional permissions',
          }
        : { ...result, level: 'ok', text: `allowed to require IMDSv2 (dry run on ${instanceId})` };
    case 'denied':
      return audit
        ? {
            ...result,
            level: 'ok',
            text: `not allowed to modify instances, as expected in mode audit (dry run on ${instanceId})`,
          }
        : {
            ...result,
            level: 'fail',
            text: `not allowed to require IMDSv2 on ${instanceId}, so nothing is remediated: ${messageOf(response, 'required')}`,
            action: REFUSED,
          };
    case undefined:
    default:
      return unclear(
        result,
        `whether the role is allowed to require IMDSv2 on ${instanceId}`,
        messageOf(response, 'required'),
      );
  }
}

function allowImdsv1(response: Json, mode: string | undefined, guardOff: boolean): CheckResult {
  const result = { check: 'role guard' };
  switch (text(response, 'optional', 'verdict')) {
    case 'denied':
      return { ...result, level: 'ok', text: 'the role is not allowed to enable IMDSv1' };
    case 'allowed':
      return guardOff && mode !== 'audit'
        ? {
            ...result,
            level: 'warn',
            text: 'roleGuard=off: IAM does not prevent the role from enabling IMDSv1',
            action: `deploy without -c roleGuard=off, unless EC2 then refuses the change (${REFUSED})`,
          }
        : {
            ...result,
            level: 'fail',
            text: 'the role is allowed to enable IMDSv1, which its deny statements should prevent',
            action: 'the policy of the role was changed: deploy again, and compare the role with the stack',
          };
    case undefined:
    default:
      return unclear(result, 'whether the role is allowed to enable IMDSv1', messageOf(response, 'optional'));
  }
}

const unclear = (result: Pick<CheckResult, 'check'>, question: string, message: string): CheckResult => ({
  ...result,
  level: 'unchecked',
  text: `unknown ${question}: ${message}`,
  action: 'try again, or with another instance: --instance-id',
});
