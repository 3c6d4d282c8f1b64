import type { Mode } from '../contract.ts';
import { type Ping, readPing } from '../triggers/ping.ts';
import { eventIdOf } from '../triggers/envelope.ts';
import type { Telemetry, PermissionProbe, ProbeAnswer } from './ports/index.ts';

/** The answer to a ping. */
export interface PingAnswer extends Ping {
  readonly mode: Mode;
  /** Whether the function may require IMDSv2; absent if the ping names no instance. */
  readonly required?: ProbeAnswer;
  /** Whether the function may allow IMDSv1 again, which its role should prevent. */
  readonly optional?: ProbeAnswer;
}

/** What `onPing` needs from the outside. */
export interface PingPorts {
  readonly probe: PermissionProbe;
  readonly telemetry: Pick<Telemetry, 'notUnderstood'>;
  /** Writes the answer where `imdsv2 doctor` looks for it. */
  readonly answer: (answer: PingAnswer) => void;
}

/** Answers a ping. Dry runs are not retried, because they share the request quota with remediation. */
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
