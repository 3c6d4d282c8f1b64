import { readOptions } from '../ec2/metadata-options.ts';
import { ApiError } from '../wire/errors.ts';
import { page } from '../wire/pages.ts';
import { text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { type Action, invalid } from './context.ts';
import { pageSize } from './groups.ts';

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLaunchConfigurations.html
const PAGE = { usual: 50, max: 100 };

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateLaunchConfiguration.html */
export const createLaunchConfiguration: Action = ({ params, region: regionName, at }, region, { account, ids }) => {
  const name = text(params, 'LaunchConfigurationName') ?? '';
  if (region.launchConfigurations.has(name)) {
    throw new ApiError('AlreadyExists', 'Launch Configuration by this name already exists');
  }
  if (text(params, 'ImageId') === undefined || text(params, 'InstanceType') === undefined) {
    invalid('Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType.');
  }
  readOptions(params.MetadataOptions);
  const arn = `arn:aws:autoscaling:${regionName}:${account}:launchConfiguration:${ids.uuid('configuration')}:launchConfigurationName/${name}`;
  region.launchConfigurations.set(name, { name, arn, createdAt: at, properties: params });
  return undefined;
};

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteLaunchConfiguration.html */
export const deleteLaunchConfiguration: Action = ({ params }, { launchConfigurations, groups }) => {
  const name = text(params, 'LaunchConfigurationName') ?? '';
  if ([...groups.values()].some(({ properties }) => properties.LaunchConfigurationName === name)) {
    throw new ApiError('ResourceInUse', `Cannot delete launch configuration ${name} because it is attached to a group`);
  }
  if (!launchConfigurations.delete(name)) invalid('Launch configuration name not found');
  return undefined;
};

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLaunchConfigurations.html */
export const describeLaunchConfigurations: Action = ({ params }, { launchConfigurations }) => {
  const names = texts(params, 'LaunchConfigurationNames');
  const matching = [...launchConfigurations.values()].filter(({ name }) => names.length === 0 || names.includes(name));
  const size = pageSize(params, PAGE);
  const { items, nextToken } = page(matching, size, text(params, 'NextToken'), 'InvalidNextToken');
  return {
    LaunchConfigurations: items.map(({ name, arn, createdAt, properties }) => ({
      KeyName: '',
      SecurityGroups: [],
      ClassicLinkVPCSecurityGroups: [],
      UserData: '',
      KernelId: '',
      RamdiskId: '',
      BlockDeviceMappings: [],
      InstanceMonitoring: { Enabled: true },
      EbsOptimized: false,
      ...(properties as Record<string, ResponseValue>),
      LaunchConfigurationName: name,
      LaunchConfigurationARN: arn,
      CreatedTime: new Date(createdAt),
    })),
    NextToken: nextToken,
  };
};
