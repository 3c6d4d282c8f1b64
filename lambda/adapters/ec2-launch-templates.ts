import {
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type DescribeLaunchTemplateVersionsRequest,
  type EC2Client,
  type LaunchTemplateVersion,
  type ResponseLaunchTemplateData,
  type Tag,
} from '@aws-sdk/client-ec2';
import pMap from 'p-map';
import type { LaunchSourceReader } from '../app/ports/index.ts';
import { FailureError } from '../core/failure.ts';
import type { Image, LaunchSpec, Template, TemplateVersion } from '../core/prevention/inventory.ts';
import { DEFAULT, LATEST } from '../core/prevention/references.ts';
import { startsContainers } from '../core/prevention/owner.ts';
import { chunks, FILTER_VALUES, toOptions } from './ec2-instances.ts';
import { failing } from './failures.ts';

/** The largest page of launch templates and of their versions. */
export const TEMPLATE_PAGE = 200;

/** The largest page of AMIs. */
const IMAGE_PAGE = 1000;

/** Calls for single versions at the same time. */
const CONCURRENCY = 4;

/**
 * Reads launch templates and AMIs. Needs `ec2:DescribeLaunchTemplates`, `ec2:DescribeLaunchTemplateVersions`,
 * `ec2:DescribeImages`.
 */
export function ec2LaunchTemplates(
  client: (region: string) => EC2Client,
): Pick<LaunchSourceReader, 'templates' | 'currentVersions' | 'versions' | 'images'> {
  const versions = async (region: string, request: DescribeLaunchTemplateVersionsRequest) => {
    const command = new DescribeLaunchTemplateVersionsCommand({ ...request, IncludeManagedResources: true });
    const { LaunchTemplateVersions = [], NextToken: next } = await failing(client(region).send(command));
    return { items: LaunchTemplateVersions.flatMap(toVersion), next };
  };
  return {
    templates: async (region, NextToken) => {
      const request = { MaxResults: TEMPLATE_PAGE, NextToken, IncludeManagedResources: true };
      const command = new DescribeLaunchTemplatesCommand(request);
      const { LaunchTemplates = [], NextToken: next } = await failing(client(region).send(command));
      return { items: LaunchTemplates.map(toTemplate), next };
    },
    // Without a template, AWS accepts these two versions, and returns those of every template.
    currentVersions: (region, NextToken) =>
      versions(region, { Versions: [DEFAULT, LATEST], MaxResults: TEMPLATE_PAGE, NextToken }),
    versions: async (region, LaunchTemplateId, numbers) => {
      const read = (some: readonly number[]) =>
        versions(region, { LaunchTemplateId, Versions: some.map(String) }).catch((error: unknown) => {
          if (error instanceof FailureError && error.kind === 'not-visible') return undefined;
          throw error;
        });
      const all = await read(numbers);
      if (all !== undefined) return all.items;
      // One version that does not exist fails the whole call.
      const single = await pMap(numbers, (one) => read([one]), { concurrency: CONCURRENCY });
      return single.flatMap((page) => page?.items ?? []);
    },
    images: async (region, ids) => {
      // By filter: one id that does not exist, or no longer, would fail the whole call.
      const pages = await pMap(
        chunks(ids, FILTER_VALUES),
        (Values) =>
          failing(
            client(region).send(
              new DescribeImagesCommand({
                Filters: [{ Name: 'image-id', Values }],
                IncludeDeprecated: true,
                MaxResults: IMAGE_PAGE,
              }),
            ),
          ),
        { concurrency: CONCURRENCY },
      );
      return new Map(
        pages.flatMap(({ Images = [] }) =>
          Images.map(({ ImageId = '', Name = '', ImdsSupport }): readonly [string, Image] => [
            ImageId,
            { name: Name, imdsSupport: ImdsSupport },
          ]),
        ),
      );
    },
  };
}

const toTemplate = ({
  LaunchTemplateId = '',
  LaunchTemplateName = '',
  DefaultVersionNumber = 1,
  LatestVersionNumber = 1,
  Tags,
  Operator,
}: {
  readonly LaunchTemplateId?: string;
  readonly LaunchTemplateName?: string;
  readonly DefaultVersionNumber?: number;
  readonly LatestVersionNumber?: number;
  readonly Tags?: readonly Tag[];
  readonly Operator?: { readonly Managed?: boolean };
}): Template => ({
  id: LaunchTemplateId,
  name: LaunchTemplateName,
  tags: tagMap(Tags),
  defaultVersion: DefaultVersionNumber,
  latestVersion: LatestVersionNumber,
  awsManaged: Operator?.Managed === true,
});

/** Tags as a map. */
export const tagMap = (
  tags: readonly { readonly Key?: string; readonly Value?: string }[] = [],
): ReadonlyMap<string, string> => new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));

/** A version of a launch template; none without an id and a number. */
function toVersion(version: LaunchTemplateVersion): TemplateVersion[] {
  const { LaunchTemplateId, VersionNumber, VersionDescription, LaunchTemplateData = {} } = version;
  if (LaunchTemplateId === undefined || VersionNumber === undefined) return [];
  const { TagSpecifications = [] } = LaunchTemplateData;
  return [
    {
      templateId: LaunchTemplateId,
      version: VersionNumber,
      description: VersionDescription,
      instanceTags: tagMap(TagSpecifications.find(({ ResourceType }) => ResourceType === 'instance')?.Tags),
      ...toSpec(LaunchTemplateData),
    },
  ];
}

/** What a launch specification of any API states. */
export function toSpec({
  MetadataOptions,
  ImageId,
  UserData = '',
}: Pick<ResponseLaunchTemplateData, 'MetadataOptions' | 'ImageId' | 'UserData'>): LaunchSpec {
  return {
    options: toOptions(MetadataOptions ?? {}),
    imageId: ImageId,
    startsContainers: startsContainers(Buffer.from(UserData, 'base64').toString()),
  };
}
