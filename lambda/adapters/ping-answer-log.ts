import type { Logger } from '@aws-lambda-powertools/logger';
import type { PingAnswer } from '../app/ping.ts';
import { PING } from '../contract.ts';
import { clean } from '../core/text.ts';

/** Logs one structured line per ping. `imdsv2 doctor` finds it by the nonce. */
export function pingAnswerLog(logger: Logger): (answer: PingAnswer) => void {
  return ({ account, eventId, ...answer }) =>
    logger.info(PING.answered, { accountId: account, eventId: clean(eventId), ...answer });
}
