/** The trail of the account. Change a member to change what reaches the buses from now on. */
export interface Trail {
  readonly name: string;
  /** Absent: none was ever created. */
  exists: boolean;
  /** `StartLogging` and `StopLogging` set it. */
  logging: boolean;
  multiRegion: boolean;
  readWriteType: 'All' | 'WriteOnly' | 'ReadOnly';
  managementEvents: boolean;
}

export const USUAL_TRAIL: Trail = {
  name: 'management-events',
  exists: true,
  logging: true,
  multiRegion: true,
  readWriteType: 'All',
  managementEvents: true,
};

/** Whether calls that change something reach the bus of a region. */
export const brings = (trail: Trail, region: string, homeRegion: string): boolean =>
  trail.exists &&
  trail.logging &&
  trail.managementEvents &&
  trail.readWriteType !== 'ReadOnly' &&
  (trail.multiRegion || region === homeRegion);
