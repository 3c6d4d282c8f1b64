import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { bundle, handlerEntry } from '../../build/bundle.ts';
import { eventBridgeOutcomes } from '../../lambda/adapters/eventbridge-outcomes.ts';
import type { AlertJson } from '../../lambda/core/alert/message.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { Notifier } from '../../lib/notifier.ts';
import { Topics } from '../../lib/topics.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/index.ts';
import { newApp } from '../lib/synth.ts';
import { existing, instanceId, NOW, outcome, snapshot, target } from '../support/builders.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';

/** The notifier as it would be deployed, with its bundle, on the local AWS. */

const MINUTE = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'notifier-'));
const outfile = join(folder, 'index.mjs');
const clients: EventBridgeClient[] = [];

beforeAll(async () => {
  await bundle({ entry: handlerEntry('notify'), outfile });
});
afterEach(async () => {
  clients.splice(0).forEach((client) => client.destroy());
  await stopAll();
});
afterAll(() => rmSync(folder, { recursive: true }));

function templateOfNotifier() {
  const stack = new Stack(newApp(), 'Local');
  new Notifier(stack, 'Notifier', {
    code: Code.fromInline('export const handler = async () => undefined;'),
    topics: new Topics(stack, 'Topics', { alertEmail: [], operationsEmail: [] }),
    alertSummaryMinutes: 15,
    maxExemptionDays: 90,
    logRetentionDays: RetentionDays.THREE_MONTHS,
  });
  return Template.fromStack(stack).toJSON();
}

const start = (timeScale: number, more: SandboxOptions = {}) =>
  sandboxOf({ timeScale, stacks: [{ template: templateOfNotifier() }], bundles: outfile, prewarm: 1, ...more });

function busOf(sandbox: Sandbox) {
  const client = new EventBridgeClient({ ...sandbox.client(), maxAttempts: 1 });
  clients.push(client);
  const bus = eventBridgeOutcomes(client, 'default');
  return async (events: readonly OutcomeEvent[]) => expect(await bus.put(events)).toEqual([]);
}

const launchOf = (number: number): OutcomeEvent => {
  const of = target({ instanceId: instanceId(number), eventId: `launch-${number}` });
  const tags = { 'aws:autoscaling:groupName': 'web' };
  return toOutcomeEvent(toOutcomeDetail(outcome({ target: of, snapshot: snapshot({ tags }) })), NOW);
};
const driftOf = (number: number): OutcomeEvent => {
  const of = target({ trigger: 'drift', instanceId: instanceId(number), eventId: `drift-${number}` });
  return toOutcomeEvent(toOutcomeDetail(outcome({ target: of, snapshot: existing() })), NOW);
};

const alertsOf = (sandbox: Sandbox): AlertJson[] =>
  sandbox.topic('Outcomes').messages.map(({ raw }) => {
    const { default: json } = JSON.parse(String((raw as { message: string }).message)) as { default: string };
    return JSON.parse(json) as AlertJson;
  });
const idsIn = (alerts: readonly AlertJson[]) =>
  alerts.flatMap(({ groups }) => groups.flatMap(({ instanceIds }) => instanceIds));

async function until(sandbox: Sandbox, reached: () => boolean): Promise<void> {
  while (!reached()) await sandbox.clock.sleep(5_000);
}

test('a drift is an alert within a minute', async () => {
  const sandbox = await start(20);
  const put = busOf(sandbox);
  const at = sandbox.clock.now();
  await put([driftOf(1)]);
  await until(sandbox, () => sandbox.topic('Outcomes').messages.length > 0);
  const [message] = sandbox.topic('Outcomes').messages;
  expect((message?.at ?? Infinity) - at).toBeLessThan(MINUTE);
});

test('a thousand launches of one group in an hour are at most six alerts, and none is lost', async () => {
  const sandbox = await start(150);
  const put = busOf(sandbox);
  for (let batch = 0; batch < 50; batch += 1) {
    await put(Array.from({ length: 20 }, (_, index) => launchOf(batch * 20 + index)));
    await sandbox.clock.sleep(1.2 * MINUTE);
  }
  await until(sandbox, () => new Set(idsIn(alertsOf(sandbox))).size === 1_000);
  const alerts = alertsOf(sandbox);
  expect(alerts.length).toBeLessThanOrEqual(6);
  expect(idsIn(alerts)).toHaveLength(1_000);
}, 120_000);

test('while SNS refuses for an hour, alerts stay on their queues; then all of them are sent', async () => {
  let ends = Infinity;
  const sandbox = await start(400, {
    faults: { refuses: () => (sandbox.clock.now() < ends ? 'AuthorizationError' : undefined) },
  });
  ends = sandbox.clock.now() + 60 * MINUTE;
  const put = busOf(sandbox);
  await put([launchOf(1), launchOf(2), driftOf(3)]);
  await sandbox.clock.sleep(59 * MINUTE);
  expect(alertsOf(sandbox)).toEqual([]);
  await until(sandbox, () => new Set(idsIn(alertsOf(sandbox))).size === 3);
  expect(sandbox.queue('DeadLetterQueue').size).toBe(0);
}, 120_000);
