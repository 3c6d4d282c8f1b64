import { onPing, type PingPorts, type PingAnswer } from '../../lambda/app/ping.ts';
import type { ProbeAnswer } from '../../lambda/app/ports/index.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { NONCE, pingEvent } from '../support/events.ts';

const ALLOWED: ProbeAnswer = { verdict: 'allowed', message: 'DryRunOperation' };
const DENIED: ProbeAnswer = { verdict: 'denied', message: 'UnauthorizedOperation: no' };

function recordingPorts() {
  const asked: string[] = [];
  const answers: PingAnswer[] = [];
  const notUnderstood: [eventId: string, problem: string][] = [];
  const ports: PingPorts = {
    probe: {
      dryRun: (region, instanceId, httpTokens) => {
        asked.push(`${region} ${instanceId} ${httpTokens}`);
        return Promise.resolve(httpTokens === 'required' ? ALLOWED : DENIED);
      },
    },
    telemetry: { notUnderstood: (eventId, problem) => notUnderstood.push([eventId, problem]) },
    answer: (answer) => answers.push(answer),
  };
  return { ports, asked, answers, notUnderstood };
}

const ANSWER = { account: ACCOUNT, region: REGION, eventId: EVENT_ID, nonce: NONCE };

it('sends both dry runs once and answers with both results', async () => {
  const { ports, asked, answers, notUnderstood } = recordingPorts();

  await onPing(pingEvent(), 'enforce', ports);

  expect(asked).toEqual([`${REGION} ${INSTANCE} required`, `${REGION} ${INSTANCE} optional`]);
  expect(answers).toEqual([{ ...ANSWER, instanceId: INSTANCE, mode: 'enforce', required: ALLOWED, optional: DENIED }]);
  expect(notUnderstood).toEqual([]);
});

it('answers without dry runs if the ping names no instance', async () => {
  const { ports, asked, answers } = recordingPorts();

  await onPing(pingEvent({ detail: { nonce: NONCE } }), 'audit', ports);

  expect(asked).toEqual([]);
  expect(answers).toEqual([{ ...ANSWER, mode: 'audit' }]);
});

it('reports a ping that cannot be read and does not answer it', async () => {
  const { ports, asked, answers, notUnderstood } = recordingPorts();

  await onPing(pingEvent({ detail: { nonce: 'x' } }), 'enforce', ports);

  expect([asked, answers]).toEqual([[], []]);
  expect(notUnderstood).toEqual([[EVENT_ID, 'detail has no nonce that is a UUID']]);
});
