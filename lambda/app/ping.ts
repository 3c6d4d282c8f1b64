import type { Mode } from '../contract.ts';
import { type Ping, readPing } from '../triggers/ping.ts';
import { eventIdOf } from '../triggers/envelope.ts';
import type { Telemetry, PermissionProbe, ProbeAnswer } from './ports.ts';

/** What is answered to a ping. */
export interface PingAnswer extends Ping {
  readonly mode: Mode;
  /** What EC2 says to the change that we make; absent where no instance was named. */
  readonly required?: ProbeAnswer;
  /** What it says to allowing IMDSv1 again, which the role should not be able to. */
  readonly optional?: ProbeAnswer;
}

/** What the answer to a ping needs. */
export interface PingPorts {
  readonly probe: PermissionProbe;
  readonly telemetry: Pick<Telemetry, 'notUnderstood'>;
  /** Writes the answer where the one who asked looks for it. */
  readonly answer: (answer: PingAnswer) => void;
}

/**
 * Answers a ping. Each question is put to EC2 once: a ping shares the request limit with the changes that the product is for, so
 * it does not insist.
 */
export async function onPing(event: unknown, mode: Mode, { probe, telemetry, answer }: PingPorts): Promise<void> {
  const ping = readPing(event);
  if (typeof ping === 'string') {
    telemetry.notUnderstood(eventIdOf(event), ping);
    return;
  }
  const { region, instanceId } = ping;
  if (instanceId === undefined) {
    answer({ ...ping, mode });
    return;
  }
  const [required, optional] = await Promise.all([
    probe.dryRun(region, instanceId, 'required'),
    probe.dryRun(region, instanceId, 'optional'),
  ]);
  answer({ ...ping, mode, required, optional });
}
