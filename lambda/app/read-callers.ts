import { callersOf, hostOf, type InstanceCallers, type Subject, usedImdsv1 } from '../core/callers/callers.ts';
import { FailureError } from '../core/failure.ts';
import type { CallLookups } from './look-up-calls.ts';
import type { NatGatewayReader, Time } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';

/** Reads which software on instances used credentials of IMDSv1. */
export class CallerReader {
  /** The NAT gateways of each region, which are read once. */
  readonly #natGateways = new Map<string, Promise<ReadonlyMap<string, string> | FailureError>>();

  public constructor(
    private readonly lookups: CallLookups,
    private readonly network: NatGatewayReader,
  ) {}

  /** The callers of an instance. A failure is in the result. */
  public async of(subject: Subject, time: Time, mostPages?: number): Promise<InstanceCallers> {
    const { region, instanceId, snapshot } = subject;
    const { calls, missing } = await this.lookups.of(region, instanceId, time, mostPages);
    const used = calls.filter(usedImdsv1);
    const gateways = used.length > 0 ? await this.#natGatewaysIn(region, time) : undefined;
    const network = {
      instance: snapshot && { addresses: snapshot.publicAddresses ?? [], startedAt: snapshot.launchTime },
      natGateways: gateways instanceof FailureError ? undefined : gateways,
    };
    return {
      ...subject,
      callers: callersOf(used, hostOf(subject), network),
      calls: calls.length,
      imdsv1Calls: used.length,
      missing,
      natFailure: gateways instanceof FailureError ? gateways : undefined,
    };
  }

  #natGatewaysIn(region: string, time: Time): Promise<ReadonlyMap<string, string> | FailureError> {
    const read = () => attempt(() => withRetries(() => this.network.natGateways(region), time));
    const gateways = this.#natGateways.get(region) ?? read();
    this.#natGateways.set(region, gateways);
    return gateways;
  }
}
