import type { Logger } from '@aws-lambda-powertools/logger';
import type { Pong } from '../app/ping.ts';
import { PING } from '../contract.ts';
import { clean } from '../core/text.ts';

/** One structured line for each answered ping; whoever asked finds it by the nonce. */
export function pongLog(logger: Logger): (pong: Pong) => void {
  return ({ account, eventId, ...pong }) =>
    logger.info(PING.answered, { accountId: account, eventId: clean(eventId), ...pong });
}
