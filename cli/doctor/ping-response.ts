import { type Json, text } from '../../lambda/triggers/json.ts';
import type { HealthResult } from '../../lambda/core/health.ts';
import { fail, ok, unchecked, warn } from './check-result.ts';

const REFUSED = 'runbook, "EC2 denies the change"';

/**
 * The results of the response to a ping.
 *
 * @param guardOff whether the setting roleGuard is off: the role has no deny statements.
 * @param noInstance why the ping named no instance for the dry runs.
 */
export function resultsOf(response: Json, guardOff: boolean, noInstance = 'no instance'): readonly HealthResult[] {
  const mode = text(response, 'mode');
  const instanceId = text(response, 'instanceId');
  const responded = ok('ping', `the function responded, mode ${mode ?? 'unknown'}`);
  if (instanceId === undefined)
    return [responded, warn('role', `not checked: ${noInstance}`, 'name an instance: --instance-id')];
  return [responded, requireTokens(response, mode, instanceId), allowImdsv1(response, mode, guardOff)];
}

/** In audit mode the role must not have the permission; in enforce mode it must. */
function requireTokens(response: Json, mode: string | undefined, instanceId: string): HealthResult {
  const check = 'role';
  const verdict = text(response, 'required', 'verdict');
  const message = text(response, 'required', 'message');
  if (verdict !== 'allowed' && verdict !== 'denied')
    return unclear(check, `whether the role is allowed to require IMDSv2 on ${instanceId}`, message);
  if (mode === 'audit')
    return verdict === 'denied'
      ? ok(check, `not allowed to modify instances, as expected in mode audit (dry run on ${instanceId})`)
      : fail(
          check,
          'mode audit, but the role is allowed to modify instances',
          'the role was changed: compare it with the stack, and remove the additional permissions',
        );
  if (verdict === 'allowed') return ok(check, `allowed to require IMDSv2 (dry run on ${instanceId})`);
  const effect = `not allowed to require IMDSv2 on ${instanceId}, so nothing is remediated`;
  return fail(check, `${effect}: ${message ?? NO_MESSAGE}`, REFUSED);
}

function allowImdsv1(response: Json, mode: string | undefined, guardOff: boolean): HealthResult {
  const check = 'role guard';
  const verdict = text(response, 'optional', 'verdict');
  if (verdict === 'denied') return ok(check, 'the role is not allowed to enable IMDSv1');
  if (verdict !== 'allowed')
    return unclear(check, 'whether the role is allowed to enable IMDSv1', text(response, 'optional', 'message'));
  return guardOff && mode !== 'audit'
    ? warn(
        check,
        'roleGuard=off: IAM does not prevent the role from enabling IMDSv1',
        `deploy without roleGuard=off in cdk.json, unless EC2 then refuses the change (${REFUSED})`,
      )
    : fail(
        check,
        'the role is allowed to enable IMDSv1, which its deny statements should prevent',
        'the policy of the role was changed: deploy again, and compare the role with the stack',
      );
}

const NO_MESSAGE = 'no message';

const unclear = (check: string, question: string, message = NO_MESSAGE): HealthResult =>
  unchecked(check, `unknown ${question}: ${message}`, 'try again, or with another instance: --instance-id');
