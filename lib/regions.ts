import { REGIONS_CONTEXT } from '../lambda/contract.ts';
import { partitionOf } from '../lambda/core/partition.ts';
import { problem, REGION_NAMES } from '../lambda/parsers.ts';

/**
 * Partitions without cross-Region event delivery. AWS announced it for all Regions except GovCloud and China, and for
 * GovCloud in June 2022; there is no announcement for China.
 * https://aws.amazon.com/blogs/compute/expanding-cross-region-event-routing-with-amazon-eventbridge/
 * https://aws.amazon.com/about-aws/whats-new/2022/06/amazon-eventbridge-cross-region-routing-aws-govcloud-regions/
 */
const WITHOUT_CROSS_REGION_EVENTS: readonly string[] = ['aws-cn'];

/**
 * Checks that events can be forwarded between the regions.
 *
 * @param value the text of the setting, for the messages.
 */
export function regionProblems(regions: readonly string[], value: string): readonly string[] {
  if (regions.length < 2) return [];
  const partitions = [...new Set(regions.map(partitionOf))];
  if (partitions.length > 1) {
    const found = partitions.map((partition) => `${partition} has ${namesIn(partition, regions)}`).join(', ');
    return [problem('regions', value, `regions of one partition; of these ${found}`)];
  }
  const unsupported = regions.filter((region) => WITHOUT_CROSS_REGION_EVENTS.includes(partitionOf(region)));
  if (unsupported.length === 0) return [];
  const accepted = `regions that can forward events to another region, unlike ${unsupported.join(', ')}; deploy to each separately`;
  return [problem('regions', value, accepted)];
}

const namesIn = (partition: string, regions: readonly string[]): string =>
  regions.filter((region) => partitionOf(region) === partition).join(' and ');

/** Returns the regions that the CDK context has for `regions=all`, or a message if it has none. */
export function storedRegions(context: Readonly<Record<string, unknown>>): readonly string[] | string {
  const stored = context[REGIONS_CONTEXT];
  const todo = 'store them with `npm run imdsv2 -- regions --write`';
  if (stored === undefined) return `regions is "all", but cdk.context.json does not list the regions; ${todo}`;
  const names = REGION_NAMES.parse([stored].flat().map(String).join(','));
  if (names !== undefined) return names;
  return problem(REGIONS_CONTEXT, JSON.stringify(stored), `names of regions; ${todo}`);
}
