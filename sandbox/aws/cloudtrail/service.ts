import type { Clock } from '../simulation/clock.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { Trail } from './trail.ts';

/** What CloudTrail depends on. */
export interface CloudTrailContext {
  readonly trail: Trail;
  readonly account: string;
  readonly homeRegion: string;
  readonly clock: Clock;
}

/** Trails deliver every few minutes. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html */
const DELIVERY_MS = 300_000;

/** The CloudTrail API for the only trail of the account. */
export class CloudTrailService implements Service {
  readonly #context: CloudTrailContext;
  readonly #startedAt: number;

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
        return { TrailARN: this.#arn, EventSelectors: [this.#selector()] };
      case 'StartLogging':
      case 'StopLogging':
        this.#setLogging(call);
        return {};
      default:
        throw new ApiError('InvalidAction', `The local AWS has no cloudtrail:${call.action}`);
    }
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

  #selector(): ResponseValue {
    const { readWriteType, managementEvents } = this.#context.trail;
    return {
      ReadWriteType: readWriteType,
      IncludeManagementEvents: managementEvents,
      DataResources: [],
      ExcludeManagementEventSources: [],
    };
  }

  #setLogging({ action, params, region }: ApiCall): void {
    const { trail, homeRegion } = this.#context;
    this.#find(text(params, 'Name') ?? '', region);
    if (region !== homeRegion) {
      throw new ApiError('InvalidHomeRegionException', `Trail ${trail.name} was created in ${homeRegion}`);
    }
    trail.logging = action === 'StartLogging';
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
