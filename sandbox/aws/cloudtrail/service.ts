import type { Clock } from '../simulation/clock.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { flag, list, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { type HistoryContext, lookUpEvents } from './history.ts';
import type { AdvancedSelector, Trail } from './trail.ts';

/** What CloudTrail depends on. */
export interface CloudTrailContext extends HistoryContext {
  readonly trail: Trail;
  readonly homeRegion: string;
  readonly clock: Clock;
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
const LOOKUPS_PER_SECOND = 2;

/** Trails deliver every few minutes. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html */
const DELIVERY_MS = 300_000;

/** The CloudTrail API for the only trail of the account. */
export class CloudTrailService implements Service {
  readonly #context: CloudTrailContext;
  readonly #startedAt: number;
  /** When the last lookups were made, by region. */
  readonly #lookups = new Map<string, readonly number[]>();

  public constructor(context: CloudTrailContext) {
    this.#context = context;
    this.#startedAt = context.clock.now();
  }

  public handle(call: ApiCall): ResponseValue {
    const { params } = call;
    switch (call.action) {
      case 'DescribeTrails':
        return { trailList: this.#describe(call) };
      case 'GetTrailStatus':
        this.#find(text(params, 'Name') ?? '', call.region);
        return this.#status();
      case 'GetEventSelectors':
        this.#find(text(params, 'TrailName') ?? '', call.region);
        return { TrailARN: this.#arn, ...this.#selectors() };
      case 'PutEventSelectors':
        this.#own(text(params, 'TrailName') ?? '', call.region);
        return this.#select(call);
      case 'StartLogging':
      case 'StopLogging':
        this.#own(text(params, 'Name') ?? '', call.region).logging = call.action === 'StartLogging';
        return {};
      case 'UpdateTrail': {
        const trail = this.#own(text(params, 'Name') ?? '', call.region);
        if (text(params, 'IsMultiRegionTrail') !== undefined) trail.multiRegion = flag(params, 'IsMultiRegionTrail');
        return { Name: trail.name, TrailARN: this.#arn, IsMultiRegionTrail: trail.multiRegion };
      }
      case 'DeleteTrail':
        this.#own(text(params, 'Name') ?? '', call.region).exists = false;
        return {};
      case 'LookupEvents':
        this.#throttle(call);
        return lookUpEvents(call, this.#context);
      default:
        throw new ApiError('InvalidAction', `The local AWS has no cloudtrail:${call.action}`);
    }
  }

  #throttle({ region, at }: ApiCall): void {
    const recent = (this.#lookups.get(region) ?? []).filter((time) => time > at - 1000);
    if (recent.length >= LOOKUPS_PER_SECOND) throw new ApiError('ThrottlingException', 'Rate exceeded', 400);
    this.#lookups.set(region, [...recent, at]);
  }

  get #arn(): string {
    const { trail, account, homeRegion } = this.#context;
    return `arn:aws:cloudtrail:${homeRegion}:${account}:trail/${trail.name}`;
  }

  /** In other regions than its home region, a multi-region trail is listed as a shadow trail. */
  #describe({ params, region }: ApiCall): ResponseValue[] {
    const { trail, homeRegion } = this.#context;
    const isHome = region === homeRegion;
    const isListed = trail.exists && (isHome || (trail.multiRegion && text(params, 'includeShadowTrails') !== 'false'));
    const wanted = texts(params, 'trailNameList');
    if (!isListed || (wanted.length > 0 && !wanted.some((name) => this.#isNamed(name, region)))) return [];
    return [
      {
        Name: trail.name,
        S3BucketName: 'local-management-events',
        IncludeGlobalServiceEvents: true,
        IsMultiRegionTrail: trail.multiRegion,
        HomeRegion: homeRegion,
        TrailARN: this.#arn,
        LogFileValidationEnabled: true,
        HasCustomEventSelectors: false,
        HasInsightSelectors: false,
        IsOrganizationTrail: false,
      },
    ];
  }

  #status(): ResponseValue {
    const { trail, clock } = this.#context;
    const delivered = new Date(clock.now() - DELIVERY_MS);
    return {
      IsLogging: trail.logging,
      LatestDeliveryTime: delivered,
      StartLoggingTime: new Date(this.#startedAt),
      LatestDeliveryAttemptTime: delivered.toISOString(),
      LatestDeliveryAttemptSucceeded: delivered.toISOString(),
    };
  }

  /** A trail has basic or advanced event selectors. */
  #selectors(): Record<string, ResponseValue> {
    const { readWriteType, managementEvents, advanced } = this.#context.trail;
    if (advanced !== undefined) return { AdvancedEventSelectors: advanced as unknown as ResponseValue[] };
    const selector = {
      ReadWriteType: readWriteType,
      IncludeManagementEvents: managementEvents,
      DataResources: [],
      ExcludeManagementEventSources: [],
    };
    return { EventSelectors: [selector] };
  }

  #select({ params }: ApiCall): ResponseValue {
    const { trail } = this.#context;
    const [basic] = list(params, 'EventSelectors');
    const advanced = list(params, 'AdvancedEventSelectors') as readonly AdvancedSelector[];
    if ((basic === undefined) === (advanced.length === 0)) {
      throw new ApiError('InvalidEventSelectorsException', 'Specify either event selectors or advanced ones');
    }
    trail.advanced = advanced.length > 0 ? advanced : undefined;
    trail.readWriteType = (text(basic, 'ReadWriteType') ?? 'All') as Trail['readWriteType'];
    trail.managementEvents = text(basic, 'IncludeManagementEvents') !== 'false';
    return { TrailARN: this.#arn, ...this.#selectors() };
  }

  /** The trail, in the region in which it can be changed. */
  #own(name: string, region: string): Trail {
    const { trail, homeRegion } = this.#context;
    this.#find(name, region);
    if (region === homeRegion) return trail;
    throw new ApiError('InvalidHomeRegionException', `Trail ${trail.name} was created in ${homeRegion}`);
  }

  #find(name: string, region: string): void {
    if (this.#context.trail.exists && this.#isNamed(name, region)) return;
    throw new ApiError('TrailNotFoundException', `Unknown trail: ${name} for the user: ${this.#context.account}`);
  }

  /** In other regions than its home region, a trail is identified by its ARN only. */
  #isNamed(name: string, region: string): boolean {
    const { trail, homeRegion } = this.#context;
    return name === this.#arn || (name === trail.name && region === homeRegion);
  }
}
