import { ApiError } from '../wire/errors.ts';
import { flag, texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import type { Shape } from './shape.ts';

/**
 * Regions that are disabled by default.
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

/** Returns the regions of the sandbox, which are enabled, and with `AllRegions` also opt-in regions. */
export const describeRegions: Action = ({ params }, _region, { regions }) => {
  const filters = new Filters(params).check((name) => /^(endpoint|opt-in-status|region-name)$/.test(name));
  const all = [...new Set([...regions, ...OPT_IN])];
  const requested = texts(params, 'RegionName');
  const unknown = requested.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new ApiError('InvalidParameterValue', `Invalid region provided: ${unknown}`);
  // EC2 returns a requested region whether it is enabled or not.
  const selected = requested.length > 0 ? requested : flag(params, 'AllRegions') ? all : regions;
  const regionInfo = selected
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
