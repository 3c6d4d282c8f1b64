import { count } from '../../lambda/core/words/format.ts';
import { fractionOf } from '../aws/simulation/ids.ts';
import { text } from '../aws/wire/params.ts';
import { DAY_MS } from '../calendar.ts';
import type { Sandbox } from '../index.ts';

/** Of the number of launches: fleets that existed before. */
const SHARE = 0.1;
const LARGEST = 30;
const MINUTE_MS = 60_000;

/** How a fleet uses IMDSv1. */
const USES = [
  /** Only by instances that are gone: workers that lived for minutes. */
  'by workers that are gone',
  /** By one of its instances. */
  'by one instance',
  'not',
] as const;

interface Fleet {
  readonly isInUse: boolean;
  readonly ids: readonly string[];
}

/** Instances with IMDSv1 enabled that were launched months ago, in Auto Scaling groups of which some use IMDSv1. */
export class ExistingFleets {
  readonly #sandbox: Sandbox;
  readonly #fleets: readonly Fleet[];

  public constructor(sandbox: Sandbox, launches: number, seed: string) {
    this.#sandbox = sandbox;
    const fleets = Math.max(USES.length, Math.ceil(launches * SHARE));
    this.#fleets = Array.from({ length: fleets }, (_, index) => this.#add(index, seed));
  }

  /** Number of instances without use in their fleet that still have IMDSv1 enabled. */
  public get remaining(): number {
    return this.#unused.filter((id) => this.#isEnabled(id)).length;
  }

  /** What became of them: rows for the report, and what is wrong. */
  public result(): { readonly rows: readonly (readonly [string, string])[]; readonly problems: readonly string[] } {
    const inUse = this.#fleets.filter(({ isInUse }) => isInUse).flatMap(({ ids }) => ids);
    const changed = this.#sandbox.calls
      .of('ModifyInstanceMetadataOptions')
      .flatMap(({ params, invocation }) => (invocation === undefined ? [] : [text(params, 'InstanceId') ?? '']));
    const wronged = inUse.filter((id) => !this.#isEnabled(id) || changed.includes(id));
    const missed = this.#unused.filter((id) => this.#isEnabled(id));
    return {
      rows: [
        ['existing instances in fleets in use / changed', `${count(inUse.length)} / ${count(wronged.length)}`],
        ['existing instances in unused fleets / missed', `${count(this.#unused.length)} / ${count(missed.length)}`],
      ],
      problems: [
        ...(wronged.length > 0 ? [`changed although their fleet is in use: ${wronged.join(', ')}`] : []),
        ...(missed.length > 0 ? [`existing, unused and missed: ${missed.join(', ')}`] : []),
      ],
    };
  }

  get #unused(): readonly string[] {
    return this.#fleets.filter(({ isInUse }) => !isInUse).flatMap(({ ids }) => ids);
  }

  #isEnabled(id: string): boolean {
    return this.#sandbox.fleet().get(id)?.options.HttpTokens === 'optional';
  }

  #add(index: number, seed: string): Fleet {
    const { clock, usage } = this.#sandbox;
    const use = USES[index % USES.length] ?? 'not';
    const tags = { 'aws:autoscaling:groupName': `existing-${index}` };
    const launchedAt = new Date(clock.now() - 100 * DAY_MS);
    const size = 1 + Math.floor(fractionOf(seed, 'existing', index) * LARGEST);
    const ids = Array.from({ length: size }, () => {
      const { id } = this.#sandbox.fleet().add({ launchedAt, options: { HttpTokens: 'optional' }, tags });
      usage.set(id, { callsPerDay: 0 });
      return id;
    });
    const [first] = ids;
    if (use === 'by one instance' && first !== undefined) usage.set(first, { callsPerDay: 24 });
    if (use === 'by workers that are gone') this.#addWorker(tags);
    return { isInUse: use === 'by one instance' || use === 'by workers that are gone', ids };
  }

  /** A worker that called once, and was terminated three days ago. */
  #addWorker(tags: Readonly<Record<string, string>>): void {
    const launchedAt = this.#sandbox.clock.now() - 3 * DAY_MS;
    const { id } = this.#sandbox.fleet().add({
      state: 'terminated',
      launchedAt: new Date(launchedAt),
      terminatedAt: new Date(launchedAt + 20 * MINUTE_MS),
      tags,
    });
    const calledAt = new Date(launchedAt + 2 * MINUTE_MS);
    this.#sandbox.usage.set(id, { callsPerDay: 1440, since: calledAt, lastSeen: calledAt });
  }
}
