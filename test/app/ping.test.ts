import { onPing, type PingPorts, type Pong } from '../../lambda/app/ping.ts';
import type { ProbeAnswer } from '../../lambda/app/ports.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { NONCE, pingEvent } from '../support/events.ts';

const ALLOWED: ProbeAnswer = { verdict: 'allowed', said: 'DryRunOperation' };
const DENIED: ProbeAnswer = { verdict: 'denied', said: 'UnauthorizedOperation: no' };

function recordingPorts() {
  const asked: string[] = [];
  const pongs: Pong[] = [];
  const notUnderstood: [eventId: string, problem: string][] = [];
  const ports: PingPorts = {
    probe: {
      dryRun: (region, instanceId, httpTokens) => {
        asked.push(`${region} ${instanceId} ${httpTokens}`);
        return Promise.resolve(httpTokens === 'required' ? ALLOWED : DENIED);
      },
    },
    journal: { notUnderstood: (eventId, problem) => notUnderstood.push([eventId, problem]) },
    pong: (pong) => pongs.push(pong),
  };
  return { ports, asked, pongs, notUnderstood };
}

const PONG = { account: ACCOUNT, region: REGION, eventId: EVENT_ID, nonce: NONCE };

it('asks both questions once, and answers with both answers', async () => {
  const { ports, asked, pongs, notUnderstood } = recordingPorts();

  await onPing(pingEvent(), 'enforce', ports);

  expect(asked).toEqual([`${REGION} ${INSTANCE} required`, `${REGION} ${INSTANCE} optional`]);
  expect(pongs).toEqual([{ ...PONG, instanceId: INSTANCE, mode: 'enforce', required: ALLOWED, optional: DENIED }]);
  expect(notUnderstood).toEqual([]);
});

it('asks nothing where no instance is named, and says that it is alive', async () => {
  const { ports, asked, pongs } = recordingPorts();

  await onPing(pingEvent({ detail: { nonce: NONCE } }), 'audit', ports);

  expect(asked).toEqual([]);
  expect(pongs).toEqual([{ ...PONG, mode: 'audit' }]);
});

it('a ping that cannot be read is not understood, and not answered', async () => {
  const { ports, asked, pongs, notUnderstood } = recordingPorts();

  await onPing(pingEvent({ detail: { nonce: 'x' } }), 'enforce', ports);

  expect([asked, pongs]).toEqual([[], []]);
  expect(notUnderstood).toEqual([[EVENT_ID, 'detail has no nonce that is a UUID']]);
});
