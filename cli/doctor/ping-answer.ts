import { type Json, text } from '../../lambda/triggers/json.ts';
import type { CheckResult } from './check-result.ts';

const check = 'ping';

const REFUSED = 'runbook, "EC2 refuses our change"';

/**
 * What the answer to a ping says about the role.
 *
 * @param guardOff whether the deployment chose to be without the role's denies.
 * @param untried why no instance was named.
 */
export function judgeAnswer(answer: Json, guardOff: boolean, untried: string | undefined): readonly CheckResult[] {
  const mode = text(answer, 'mode');
  const instanceId = text(answer, 'instanceId');
  const alive: CheckResult = { check, level: 'ok', text: `the function answered, mode ${mode ?? 'unknown'}` };
  if (instanceId === undefined) {
    const todo = 'name one: --instance-id';
    return [alive, { check: 'role', level: 'warn', text: `not tried: ${untried ?? 'no instance was named'}`, todo }];
  }
  return [alive, requireTokens(answer, mode, instanceId), allowImdsv1(answer, mode, guardOff)];
}

const said = (answer: Json, question: string): string => text(answer, question, 'message') ?? 'nothing';

/** Audit mode is the absence of the permission; in mode enforce it is what the product lives on. */
function requireTokens(answer: Json, mode: string | undefined, instanceId: string): CheckResult {
  const result = { check: 'role' };
  const audit = mode === 'audit';
  switch (text(answer, 'required', 'verdict')) {
    case 'allowed':
      return audit
        ? {
            ...result,
            level: 'fail',
            text: 'mode audit, and the role may change instances all the same',
            todo: 'somebody gave it more: compare the role with the stack, and take away what is not of it',
          }
        : { ...result, level: 'ok', text: `may require tokens (dry run on ${instanceId})` };
    case 'denied':
      return audit
        ? { ...result, level: 'ok', text: `may not change instances, as it should be in mode audit (${instanceId})` }
        : {
            ...result,
            level: 'fail',
            text: `may not require tokens on ${instanceId}: nothing is closed. EC2 said: ${said(answer, 'required')}`,
            todo: REFUSED,
          };
    case undefined:
    default:
      return unclear(result, `whether it may require tokens on ${instanceId}`, said(answer, 'required'));
  }
}

function allowImdsv1(answer: Json, mode: string | undefined, guardOff: boolean): CheckResult {
  const result = { check: 'role guard' };
  switch (text(answer, 'optional', 'verdict')) {
    case 'denied':
      return { ...result, level: 'ok', text: 'the role may not allow IMDSv1 again' };
    case 'allowed':
      return guardOff && mode !== 'audit'
        ? {
            ...result,
            level: 'warn',
            text: 'roleGuard=off was chosen: IAM does not keep the role from allowing IMDSv1 again',
            todo: `deploy without -c roleGuard=off, unless EC2 refuses the change then (${REFUSED})`,
          }
        : {
            ...result,
            level: 'fail',
            text: 'the role may allow IMDSv1 again, which its denies should prevent',
            todo: 'somebody changed its policy: deploy again, and compare the role with the stack',
          };
    case undefined:
    default:
      return unclear(result, 'whether the role may allow IMDSv1 again', said(answer, 'optional'));
  }
}

const unclear = (result: Pick<CheckResult, 'check'>, question: string, answer: string): CheckResult => ({
  ...result,
  level: 'unchecked',
  text: `EC2 did not say ${question}: ${answer}`,
  todo: 'try again, or on another instance: --instance-id',
});
