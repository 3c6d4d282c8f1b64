import {
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyLaunchTemplateCommand,
  type RequestLaunchTemplateData,
  type ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { DefaultsWriter, TemplateContent, TemplateWriter } from '../app/ports/index.ts';
import type { MetadataOptions } from '../core/instance.ts';
import { FailureError } from '../core/failure.ts';
import { statedOptions } from '../core/prevention/options.ts';
import { TEMPLATE_PAGE } from './ec2-launch-templates.ts';
import { failing } from './failures.ts';

/**
 * Changes launch templates. Needs `ec2:DescribeLaunchTemplateVersions`, `ec2:CreateLaunchTemplateVersion`,
 * `ec2:ModifyLaunchTemplate`.
 */
export function ec2TemplateWriter(client: (region: string) => EC2Client): TemplateWriter {
  const read = async (region: string, LaunchTemplateId: string, Versions?: string[]) => {
    const found: LaunchTemplateVersion[] = [];
    let NextToken: string | undefined;
    do {
      const request = { LaunchTemplateId, Versions, NextToken, MaxResults: Versions ? undefined : TEMPLATE_PAGE };
      const page = await failing(client(region).send(new DescribeLaunchTemplateVersionsCommand(request)));
      found.push(...(page.LaunchTemplateVersions ?? []));
      ({ NextToken } = page);
    } while (NextToken !== undefined && NextToken !== '');
    return found;
  };
  return {
    contents: async (region, templateId) => {
      const versions = await read(region, templateId);
      return versions.map(toContent).toSorted((a, b) => a.version - b.version);
    },
    create: async (region, LaunchTemplateId, { source, options, description, token }) => {
      const [from] = await read(region, LaunchTemplateId, [String(source)]);
      const command = new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId,
        SourceVersion: String(source),
        VersionDescription: description,
        ClientToken: token,
        LaunchTemplateData: dataFor(from?.LaunchTemplateData ?? {}, options),
      });
      const { LaunchTemplateVersion } = await failing(client(region).send(command));
      const number = LaunchTemplateVersion?.VersionNumber;
      if (number === undefined) throw new FailureError('unknown', 'EC2 does not name the version that it created');
      return number;
    },
    setDefault: async (region, LaunchTemplateId, version) => {
      const command = new ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: String(version) });
      await failing(client(region).send(command));
    },
  };
}

/** Changes the account defaults. Needs `ec2:ModifyInstanceMetadataDefaults`. */
export const ec2DefaultsWriter = (client: (region: string) => EC2Client): DefaultsWriter => ({
  modify: async (region, change) => {
    await failing(client(region).send(new ModifyInstanceMetadataDefaultsCommand(change)));
  },
});

/**
 * What a version states beside its source. The rest is inherited, but for snapshots of block devices: "Snapshots applied
 * to the block device mapping are ignored when creating a new version unless they are explicitly included."
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
 */
function dataFor(source: ResponseLaunchTemplateData, options: MetadataOptions | undefined): RequestLaunchTemplateData {
  const { BlockDeviceMappings = [] } = source;
  const hasSnapshot = BlockDeviceMappings.some(({ Ebs }) => Ebs?.SnapshotId !== undefined);
  const stated = {
    ...(hasSnapshot && { BlockDeviceMappings }),
    ...(options && { MetadataOptions: options }),
  } as RequestLaunchTemplateData;
  return Object.keys(stated).length > 0 ? stated : restated(source);
}

/** A part of the source as it is: EC2 refuses a version that states nothing. */
function restated({ MetadataOptions, ...source }: ResponseLaunchTemplateData): RequestLaunchTemplateData {
  if (MetadataOptions !== undefined) {
    return { MetadataOptions: statedOptions(MetadataOptions) } as RequestLaunchTemplateData;
  }
  const [first] = Object.entries(source).filter(([, value]) => value !== undefined);
  return Object.fromEntries(first ? [first] : []);
}

function toContent({
  VersionNumber = 0,
  VersionDescription,
  LaunchTemplateData = {},
}: LaunchTemplateVersion): TemplateContent {
  const { MetadataOptions = {}, ...rest } = LaunchTemplateData;
  return {
    version: VersionNumber,
    description: VersionDescription,
    options: statedOptions(MetadataOptions),
    rest: canonical(rest),
  };
}

/** JSON with the members of objects in one order. Lists keep theirs, which may matter. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
