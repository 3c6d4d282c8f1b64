import type { Clock } from '../simulation/clock.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { text, texts } from '../wire/params.ts';
import type { Wire } from '../wire/xml.ts';
import type { Trail } from './trail.ts';

/** What CloudTrail works with. */
export interface CloudTrailRoom {
  readonly trail: Trail;
  readonly account: string;
  readonly homeRegion: string;
  readonly clock: Clock;
}

/** Trails deliver to S3 every few minutes. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html */
const DELIVERY_MS = 300_000;

/** CloudTrail: the one trail of the account, looked at and switched. */
export class CloudTrailService implements Service {
  readonly #room: CloudTrailRoom;
  readonly #startedAt: number;

  public constructor(room: CloudTrailRoom) {
    this.#room = room;
    this.#startedAt = room.clock.now();
  }

  public handle(call: ApiCall): Wire {
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
        this.#switch(call);
        return {};
      default:
        throw new ApiError('InvalidAction', `The local AWS has no cloudtrail:${call.action}`);
    }
  }

  get #arn(): string {
    const { trail, account, homeRegion } = this.#room;
    return `arn:aws:cloudtrail:${homeRegion}:${account}:trail/${trail.name}`;
  }

  /** In other regions a trail of all regions is seen as its shadow. */
  #describe({ params, region }: ApiCall): Wire[] {
    const { trail, homeRegion } = this.#room;
    const isHome = region === homeRegion;
    const seen = trail.exists && (isHome || (trail.multiRegion && text(params, 'includeShadowTrails') !== 'false'));
    const wanted = texts(params, 'trailNameList');
    if (!seen || (wanted.length > 0 && !wanted.some((name) => this.#isNamed(name, region)))) return [];
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

  #status(): Wire {
    const { trail, clock } = this.#room;
    const delivered = new Date(clock.now() - DELIVERY_MS);
    return {
      IsLogging: trail.logging,
      LatestDeliveryTime: delivered,
      StartLoggingTime: new Date(this.#startedAt),
      LatestDeliveryAttemptTime: delivered.toISOString(),
      LatestDeliveryAttemptSucceeded: delivered.toISOString(),
    };
  }

  #selector(): Wire {
    const { readWriteType, managementEvents } = this.#room.trail;
    return {
      ReadWriteType: readWriteType,
      IncludeManagementEvents: managementEvents,
      DataResources: [],
      ExcludeManagementEventSources: [],
    };
  }

  #switch({ action, params, region }: ApiCall): void {
    const { trail, homeRegion } = this.#room;
    this.#find(text(params, 'Name') ?? '', region);
    if (region !== homeRegion) {
      throw new ApiError('InvalidHomeRegionException', `Trail ${trail.name} was created in ${homeRegion}`);
    }
    trail.logging = action === 'StartLogging';
  }

  #find(name: string, region: string): void {
    if (this.#room.trail.exists && this.#isNamed(name, region)) return;
    throw new ApiError('TrailNotFoundException', `Unknown trail: ${name} for the user: ${this.#room.account}`);
  }

  /** Away from its home, a trail answers to its ARN only. */
  #isNamed(name: string, region: string): boolean {
    const { trail, homeRegion } = this.#room;
    return name === this.#arn || (name === trail.name && region === homeRegion);
  }
}
