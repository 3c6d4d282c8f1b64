import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { eventBridgeOutcomes } from '../../lambda/adapters/eventbridge-outcomes.ts';
import { putOutcomes } from '../../lambda/app/put-outcomes.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { type Deployment, findDeployment } from '../doctor/deployment.ts';
import type { Aws } from './aws.ts';
import { adviceOn, explainError } from './errors.ts';
import type { Io } from './io.ts';

/** The deployment of the account, or why there is none. */
export type FoundDeployment = Deployment | { readonly problem: string };

/** Finds the deployment, which a command works without. */
export async function deploymentOrProblem(stack: string, aws: Aws): Promise<FoundDeployment> {
  try {
    const region = await aws.home();
    return await findDeployment(stack, region, aws.config(region));
  } catch (error) {
    return { problem: explainError(error) };
  }
}

/** Puts events on the bus of a deployment. @returns the events that were not accepted. */
export async function putEvents(
  events: readonly OutcomeEvent[],
  { region, output }: Deployment,
  aws: Aws,
  io: Io,
): Promise<readonly OutcomeEvent[]> {
  const bus = eventBridgeOutcomes(new EventBridgeClient(aws.config(region)), output('OutcomeBusArn'));
  const telemetry = {
    warning: (_: string, error: unknown) =>
      io.note(`Events could not be put on the event bus: ${explainError(error)}${adviceOn(error)}`),
  };
  return putOutcomes(events, { bus, telemetry, time: aws.time(region) });
}

/** Puts the outcomes of a command on the bus of the deployment, whose notifier sends the alerts; says so if it cannot. */
export async function notifyDeployment(
  outcomes: readonly Outcome[],
  deployment: FoundDeployment,
  aws: Aws,
  io: Io,
): Promise<void> {
  if (outcomes.length === 0) return;
  if ('problem' in deployment) return io.note(`No alert is sent: ${deployment.problem}`);
  const { account, setting } = deployment;
  const events = outcomes.map((outcome) => {
    const ofAccount = { ...outcome, target: { ...outcome.target, account } };
    return toOutcomeEvent(toOutcomeDetail(ofAccount, setting('OwnerTag')), outcome.at);
  });
  try {
    const refused = await putEvents(events, deployment, aws, io);
    if (refused.length > 0) io.note(`No alert is sent about ${instancesOf(refused.length)}`);
  } catch (error) {
    io.note(`No alert is sent: ${explainError(error)}`);
  }
}
