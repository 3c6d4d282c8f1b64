/** The trail of the account. Tests may change its members at run time. */
export interface Trail {
  readonly name: string;
  exists: boolean;
  /** `StartLogging` and `StopLogging` set it. */
  logging: boolean;
  multiRegion: boolean;
  readWriteType: 'All' | 'WriteOnly' | 'ReadOnly';
  managementEvents: boolean;
}

export const DEFAULT_TRAIL: Trail = {
  name: 'management-events',
  exists: true,
  logging: true,
  multiRegion: true,
  readWriteType: 'All',
  managementEvents: true,
};

/** Whether the trail records the write calls of a region, so that EventBridge receives them. */
export const recordsWrites = (trail: Trail, region: string, homeRegion: string): boolean =>
  trail.exists &&
  trail.logging &&
  trail.managementEvents &&
  trail.readWriteType !== 'ReadOnly' &&
  (trail.multiRegion || region === homeRegion);
