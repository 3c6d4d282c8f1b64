import type { Params } from '../wire/params.ts';

/** An Auto Scaling group. */
export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  /** What its last creation or update set, named as in requests. */
  properties: Params;
  /** Its instances, oldest first, with what each was launched from. */
  members: readonly Member[];
  /** Whether a retry of a failed launch is scheduled. */
  retries: boolean;
  deleted: boolean;
}

/** An instance of a group. */
export interface Member {
  readonly id: string;
  readonly source: Params;
}

/** A launch configuration. It never changes. */
export interface LaunchConfiguration {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly properties: Params;
}

/** A scaling activity. */
export interface Activity {
  readonly id: string;
  readonly group: Group;
  readonly startedAt: number;
  readonly description: string;
  readonly cause: string;
  readonly statusMessage?: string;
  readonly statusCode: 'Successful' | 'Failed';
}

/** The resources of Auto Scaling in one region. */
export class AutoScalingRegion {
  public readonly groups = new Map<string, Group>();
  public readonly launchConfigurations = new Map<string, LaunchConfiguration>();
  /** Oldest first. */
  public readonly activities: Activity[] = [];
}
