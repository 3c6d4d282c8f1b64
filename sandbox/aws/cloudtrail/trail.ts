/** A condition of an advanced event selector. */
interface FieldSelector {
  readonly Field: string;
  readonly Equals?: readonly string[];
  readonly NotEquals?: readonly string[];
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html */
export interface AdvancedSelector {
  readonly Name?: string;
  readonly FieldSelectors: readonly FieldSelector[];
}

/** The trail of the account. Tests may change its members at run time. */
export interface Trail {
  readonly name: string;
  exists: boolean;
  /** `StartLogging` and `StopLogging` set it. */
  logging: boolean;
  multiRegion: boolean;
  readWriteType: 'All' | 'WriteOnly' | 'ReadOnly';
  managementEvents: boolean;
  /** They replace `readWriteType` and `managementEvents`. */
  advanced?: readonly AdvancedSelector[];
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
  trail.exists && trail.logging && selectsWrites(trail) && (trail.multiRegion || region === homeRegion);

const selectsWrites = ({ advanced, managementEvents, readWriteType }: Trail): boolean =>
  advanced?.some(({ FieldSelectors }) => FieldSelectors.every(selectsEc2Write)) ??
  (managementEvents && readWriteType !== 'ReadOnly');

/** The selectable fields of a write call of EC2. */
const EC2_WRITE: Readonly<Record<string, string>> = {
  eventCategory: 'Management',
  readOnly: 'false',
  eventSource: 'ec2.amazonaws.com',
};

function selectsEc2Write({ Field, Equals, NotEquals }: FieldSelector): boolean {
  const value = EC2_WRITE[Field] ?? '';
  return (Equals?.includes(value) ?? true) && NotEquals?.includes(value) !== true;
}
