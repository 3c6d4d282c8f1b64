import { REGIONS_CONTEXT } from '../lambda/contract.ts';
import { problem } from '../lambda/config.ts';

/** Names of regions, the partition of each by its beginning. Everything else is `aws`. */
const PARTITIONS: readonly (readonly [beginning: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
];

/**
 * Partitions whose events cannot go to a bus in another region. When it came to all regions, AWS excepted GovCloud and China; GovCloud
 * followed in June 2022, of China nothing is known.
 * https://aws.amazon.com/blogs/compute/expanding-cross-region-event-routing-with-amazon-eventbridge/
 * https://aws.amazon.com/about-aws/whats-new/2022/06/amazon-eventbridge-cross-region-routing-aws-govcloud-regions/
 */
const WITHOUT_CROSS_REGION_EVENTS: readonly string[] = ['aws-cn'];

const FORM = /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/;

/** The partition of a region, also of one that is newer than this file. */
const partitionOf = (region: string): string =>
  PARTITIONS.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'aws';

/** Reads names of regions, separated by commas; `undefined` if one of them is no such name. */
export function regionNames(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => FORM.test(name)) ? [...new Set(names)] : undefined;
}

/** What is wrong with regions that are names. @param value what the setting says. */
export function regionProblems(regions: readonly string[], value: string): readonly string[] {
  if (regions.length < 2) return [];
  const partitions = [...new Set(regions.map(partitionOf))];
  if (partitions.length > 1) {
    const which = partitions.map((partition) => `${partition} has ${listOf(regions, partition)}`).join(', ');
    return [problem('regions', value, `regions of one partition; of these ${which}`)];
  }
  const silent = regions.filter((region) => WITHOUT_CROSS_REGION_EVENTS.includes(partitionOf(region)));
  if (silent.length === 0) return [];
  const accepted = `regions whose events can go to another region, unlike ${silent.join(', ')}; deploy to each by itself`;
  return [problem('regions', value, accepted)];
}

const listOf = (regions: readonly string[], partition: string): string =>
  regions.filter((region) => partitionOf(region) === partition).join(' and ');

/** What stands in the CDK context for `regions=all`, or why nothing does. */
export function storedRegions(values: Readonly<Record<string, unknown>>): readonly string[] | string {
  const stored = values[REGIONS_CONTEXT];
  const todo = '`npm run imdsv2 -- regions --write` stores them';
  if (stored === undefined) return `regions is "all", but cdk.context.json does not say which there are; ${todo}`;
  const names = regionNames([stored].flat().map(String).join(','));
  if (names !== undefined) return names;
  return problem(REGIONS_CONTEXT, JSON.stringify(stored), `names of regions; ${todo} anew`);
}
