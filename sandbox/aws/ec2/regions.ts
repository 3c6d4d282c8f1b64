import { ApiError } from '../wire/errors.ts';
import { flag, texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import type { Shape } from './shape.ts';

/**
 * Regions that an account has only after it opted in.
 *
 * https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
 */
const OPT_IN = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
];

/** The regions of the sandbox are those that are enabled; with `AllRegions`, those that one can opt in to besides. */
export const describeRegions: Action = ({ params }, _region, { regions }) => {
  const filters = new Filters(params).check((name) => /^(endpoint|opt-in-status|region-name)$/.test(name));
  const known = [...new Set([...regions, ...OPT_IN])];
  const wanted = texts(params, 'RegionName');
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ApiError('InvalidParameterValue', `Invalid region provided: ${unknown}`);
  // A region that is named is answered, whether it is enabled or not.
  const offered = wanted.length > 0 ? wanted : flag(params, 'AllRegions') ? known : regions;
  const regionInfo = offered
    .map((name) => regionShape(name, regions.includes(name)))
    .filter((region) => filters.acceptValues((name) => [valueOf(region, name)]));
  return { regionInfo };
};

interface RegionShape extends Shape {
  readonly regionName: string;
  readonly regionEndpoint: string;
  readonly optInStatus: string;
}

const regionShape = (regionName: string, enabled: boolean): RegionShape => ({
  regionName,
  regionEndpoint: `ec2.${regionName}.amazonaws.com`,
  optInStatus: OPT_IN.includes(regionName) ? (enabled ? 'opted-in' : 'not-opted-in') : 'opt-in-not-required',
});

function valueOf({ regionName, regionEndpoint, optInStatus }: RegionShape, filter: string): string {
  if (filter === 'endpoint') return regionEndpoint;
  return filter === 'region-name' ? regionName : optInStatus;
}
