import {
  ModifyInstanceMetadataOptionsCommand,
  type ModifyInstanceMetadataOptionsCommandInput,
} from '@aws-sdk/client-ec2';
import { groupBy } from '../../lambda/core/group-by.ts';
import { count } from '../../lambda/core/words/format.ts';
import type { BusEvent } from '../aws/cloudtrail/recorder.ts';
import { text } from '../aws/wire/params.ts';
import { fractionOf } from '../aws/simulation/ids.ts';
import type { Sandbox } from '../index.ts';
import { remediationNotifications } from './notifications.ts';
import { notifierContents, queueContents } from './queue-contents.ts';
import type { Traffic } from './traffic.ts';

type Options = Omit<ModifyInstanceMetadataOptionsCommandInput, 'InstanceId'>;

const LAUNCHED_AT = new Date('2021-03-01T08:00:00Z');
const OTHER_ACCOUNT = '444455556666';

/** Of the number of launches: edits of each kind, and launches of another account. */
const SHARE = 0.05;

/** Edits that AWS documents for options other than tokens: they name the endpoint, too. */
const HARMLESS: readonly Options[] = [
  { HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' },
  { HttpProtocolIpv6: 'enabled', HttpEndpoint: 'enabled' },
];
const RE_ENABLED: Options = { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 };

/** Options of existing instances on which IMDSv1 is enabled. */
const NOT_EXPOSED = [{ HttpTokens: 'required' }, { HttpTokens: 'optional', HttpEndpoint: 'disabled' }] as const;

/** How other callers use EC2's request rate up: two thirds of what is refilled. */
const OTHERS = { everyMs: 20_000, calls: 65 };

/** An existing instance of which the options are changed. */
interface Edit {
  readonly id: string;
  readonly options: Options;
  /** Whether IMDSv1 was enabled before, and the edit did not enable it. */
  readonly isHarmless: boolean;
}

/** What is played beside the launches: edits of instances of 2021, and launches of another account. */
export class MixedIn {
  readonly #sandbox: Sandbox;
  readonly #traffic: Traffic;
  readonly #seed: string;
  readonly #edits: readonly Edit[];
  #foreignLaunches = 0;

  /** @param harmless whether there are harmless edits. A scan may remediate such instances. */
  public constructor(sandbox: Sandbox, traffic: Traffic, launches: number, seed: string, harmless: boolean) {
    this.#sandbox = sandbox;
    this.#traffic = traffic;
    this.#seed = seed;
    const edit = (index: number, isHarmless: boolean): Edit => {
      const options = isHarmless ? { HttpTokens: 'optional' } : NOT_EXPOSED[index % NOT_EXPOSED.length];
      const { id } = sandbox.fleet().add({ launchedAt: LAUNCHED_AT, options });
      return { id, isHarmless, options: (isHarmless ? HARMLESS[index % HARMLESS.length] : undefined) ?? RE_ENABLED };
    };
    const each = Array.from({ length: Math.ceil(launches * SHARE) }, (_, index) => index);
    this.#edits = each.flatMap((index) => [...(harmless ? [edit(index, true)] : []), edit(index, false)]);
  }

  /** Makes the calls, spread over a time in milliseconds. */
  public async run(duration: number): Promise<void> {
    const { clock, bus } = this.#sandbox;
    const start = clock.now();
    await Promise.all(
      this.#edits.map(async ({ id, options }, index) => {
        await clock.sleep(start + fractionOf(this.#seed, 'edit', index) * duration - clock.now());
        await this.#traffic.call((ec2) =>
          ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, ...options })),
        );
        const launch = this.#sandbox.events.findLast(({ detail }) => detail['eventName'] === 'RunInstances');
        if (launch === undefined) return;
        this.#foreignLaunches += 1;
        bus.put(ofOtherAccount(launch, this.#sandbox.account));
      }),
    );
  }

  /** Other callers use EC2's request rate up again and again, over a time in milliseconds. */
  public async useUpRate(duration: number): Promise<void> {
    const { clock } = this.#sandbox;
    const { id } = this.#sandbox.fleet().add({ launchedAt: LAUNCHED_AT, options: { HttpTokens: 'required' } });
    const end = clock.now() + duration;
    const call = new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'required' });
    for (; clock.now() < end; await clock.sleep(OTHERS.everyMs)) {
      // Refused calls are the point.
      await Promise.allSettled(Array.from({ length: OTHERS.calls }, () => this.#traffic.callOnce(call)));
    }
  }

  /** What became of it: rows for the report, and what is wrong. */
  public result(): { readonly rows: readonly (readonly [string, string])[]; readonly problems: readonly string[] } {
    const sandbox = this.#sandbox;
    const changed = new Set(
      sandbox.calls
        .of('ModifyInstanceMetadataOptions')
        .flatMap(({ params, invocation }) => (invocation === undefined ? [] : [text(params, 'InstanceId')])),
    );
    const notified = groupBy(remediationNotifications(sandbox.topic('Outcomes').messages), ({ id }) => id);
    const queues = queueContents(sandbox);
    const isQueued = (id: string) => queues.some(({ referenced }) => referenced.ids.has(id));
    const harmless = this.#edits.filter(({ isHarmless }) => isHarmless);
    const exposing = this.#edits.filter(({ isHarmless }) => !isHarmless);
    const remediated = exposing.filter(({ id }) => sandbox.fleet().get(id)?.options.HttpTokens === 'required');
    const missed = exposing.filter((edit) => !remediated.includes(edit) && !isQueued(edit.id));
    const toNotify = notifierContents(sandbox).notifying.ids;
    const owed = remediated.filter(({ id }) => !notified.has(id) && !isQueued(id) && !toNotify.has(id));
    const wronged = harmless.filter(({ id }) => changed.has(id) || notified.has(id));
    const foreign = sandbox.invocations.filter(({ payload }) => JSON.stringify(payload).includes(OTHER_ACCOUNT));
    const named = (edits: readonly Edit[]) => edits.map(({ id }) => id).join(', ');
    return {
      rows: [
        ['harmless edits of existing instances / remediated', `${count(harmless.length)} / ${count(wronged.length)}`],
        ['IMDSv1 enabled on existing ones / remediated', `${count(exposing.length)} / ${count(remediated.length)}`],
        ['launches of another account / received', `${count(this.#foreignLaunches)} / ${count(foreign.length)}`],
      ],
      problems: [
        ...(wronged.length > 0 ? [`harmless edits were remediated: ${named(wronged)}`] : []),
        ...(missed.length > 0 ? [`re-enabled on existing instances and missed: ${named(missed)}`] : []),
        ...(owed.length > 0 ? [`re-enabled on existing instances and owed a notification: ${named(owed)}`] : []),
        ...(foreign.length > 0 ? ['events of another account reached a function'] : []),
      ],
    };
  }
}

/** The same launch in another account. */
function ofOtherAccount(event: BusEvent, account: string): BusEvent {
  const reversed = (id: string) => `i-${[...id.slice(2)].reverse().join('')}`;
  const json = JSON.stringify(event).replaceAll(account, OTHER_ACCOUNT);
  return JSON.parse(json.replaceAll(/\bi-[0-9a-f]{17}\b/g, reversed)) as BusEvent;
}
