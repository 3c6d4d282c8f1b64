import { type HealthResult, merged } from '../../core/health.ts';
import { alarms } from './alarms.ts';
import { type Check, type HealthOptions, type HomeContext, unseen } from './context.ts';
import { functions, mappings } from './functions.ts';
import { withCauses } from './history.ts';
import { Parts } from './parts.ts';
import { queues } from './queues.ts';
import { bus, checkForwarder, otherRegions } from './regions.ts';
import { roles } from './roles.ts';
import { rules } from './rules.ts';
import { key, topics } from './topics.ts';
import { checkTrail } from './trail.ts';

export type { HealthOptions } from './context.ts';

/** The checks of the home region. */
const HOME: readonly Check<HomeContext>[] = [
  { name: 'trail', run: (context) => checkTrail('trail', context.region, context) },
  rules,
  bus,
  functions,
  roles,
  mappings,
  queues,
  topics,
  key,
  alarms,
  otherRegions,
];

/**
 * Checks the deployment: the scan function every 15 minutes and for each digest, `imdsv2 doctor` on request.
 *
 * Never throws: what cannot be read is a result too. docs/permissions.md lists the permissions.
 */
export class Health {
  readonly #options: HealthOptions;
  #parts: Promise<Parts> | undefined;

  public constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** The groups of parts of the home region and then of each other monitored region, each with its check. */
  public groups(): readonly { readonly name: string; readonly run: () => Promise<readonly HealthResult[]> }[] {
    const { settings } = this.#options;
    return [
      ...HOME.map(({ name, run }) => ({ name, run: () => this.#check(name, async () => run(await this.#home())) })),
      ...settings.forwarders.map((name) => ({ name, run: () => this.region(name) })),
    ];
  }

  /** The results of the home region. */
  public home(): Promise<readonly HealthResult[]> {
    return this.#of(this.groups().slice(0, HOME.length));
  }

  /** The results of a region that forwards its events. */
  public region(name: string): Promise<readonly HealthResult[]> {
    return this.#check(name, () => checkForwarder(name, this.#options));
  }

  /** The results of the home region and of every other monitored region. */
  public all(): Promise<readonly HealthResult[]> {
    return this.#of(this.groups());
  }

  async #of(groups: ReturnType<Health['groups']>): Promise<readonly HealthResult[]> {
    return merged((await Promise.all(groups.map(({ run }) => run()))).flat());
  }

  async #check(name: string, run: () => Promise<readonly HealthResult[]>): Promise<readonly HealthResult[]> {
    try {
      return await withCauses(await run(), this.#options);
    } catch (error) {
      return [unseen(name, error, this.#options.explain)];
    }
  }

  async #home(): Promise<HomeContext> {
    const { resources, scanFunction } = this.#options;
    this.#parts ??= resources().then((found) => new Parts(found, scanFunction));
    return { ...this.#options, parts: await this.#parts };
  }
}
