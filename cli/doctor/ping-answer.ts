import { type Json, text } from '../../lambda/triggers/json.ts';
import type { Finding } from './check-result.ts';

const check = 'ping';

const REFUSED = 'runbook, "EC2 refuses our change"';

/**
 * What the answer to a ping says about the role.
 *
 * @param guardOff whether the deployment chose to be without the role's denies.
 * @param untried why no instance was named.
 */
export function judgePong(pong: Json, guardOff: boolean, untried: string | undefined): readonly Finding[] {
  const mode = text(pong, 'mode');
  const instanceId = text(pong, 'instanceId');
  const alive: Finding = { check, level: 'ok', text: `the function answered, mode ${mode ?? 'unknown'}` };
  if (instanceId === undefined) {
    const todo = 'name one: --instance-id';
    return [alive, { check: 'role', level: 'warn', text: `not tried: ${untried ?? 'no instance was named'}`, todo }];
  }
  return [alive, requireTokens(pong, mode, instanceId), allowImdsv1(pong, mode, guardOff)];
}

const said = (pong: Json, question: string): string => text(pong, question, 'said') ?? 'nothing';

/** Audit mode is the absence of the permission; in mode enforce it is what the product lives on. */
function requireTokens(pong: Json, mode: string | undefined, instanceId: string): Finding {
  const finding = { check: 'role' };
  const audit = mode === 'audit';
  switch (text(pong, 'required', 'verdict')) {
    case 'allowed':
      return audit
        ? {
            ...finding,
            level: 'fail',
            text: 'mode audit, and the role may change instances all the same',
            todo: 'somebody gave it more: compare the role with the stack, and take away what is not of it',
          }
        : { ...finding, level: 'ok', text: `may require tokens (dry run on ${instanceId})` };
    case 'denied':
      return audit
        ? { ...finding, level: 'ok', text: `may not change instances, as it should be in mode audit (${instanceId})` }
        : {
            ...finding,
            level: 'fail',
            text: `may not require tokens on ${instanceId}: nothing is closed. EC2 said: ${said(pong, 'required')}`,
            todo: REFUSED,
          };
    case undefined:
    default:
      return unclear(finding, `whether it may require tokens on ${instanceId}`, said(pong, 'required'));
  }
}

function allowImdsv1(pong: Json, mode: string | undefined, guardOff: boolean): Finding {
  const finding = { check: 'role guard' };
  switch (text(pong, 'optional', 'verdict')) {
    case 'denied':
      return { ...finding, level: 'ok', text: 'the role may not allow IMDSv1 again' };
    case 'allowed':
      return guardOff && mode !== 'audit'
        ? {
            ...finding,
            level: 'warn',
            text: 'roleGuard=off was chosen: IAM does not keep the role from allowing IMDSv1 again',
            todo: `deploy without -c roleGuard=off, unless EC2 refuses the change then (${REFUSED})`,
          }
        : {
            ...finding,
            level: 'fail',
            text: 'the role may allow IMDSv1 again, which its denies should prevent',
            todo: 'somebody changed its policy: deploy again, and compare the role with the stack',
          };
    case undefined:
    default:
      return unclear(finding, 'whether the role may allow IMDSv1 again', said(pong, 'optional'));
  }
}

const unclear = (finding: Pick<Finding, 'check'>, question: string, answer: string): Finding => ({
  ...finding,
  level: 'unchecked',
  text: `EC2 did not say ${question}: ${answer}`,
  todo: 'try again, or on another instance: --instance-id',
});
