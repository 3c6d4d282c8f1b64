import { ResponseLaunchTemplateData$ } from '@aws-sdk/client-ec2';
import { ApiError } from '../../wire/errors.ts';
import { toResponse } from '../../wire/model.ts';
import { flag, type Params, text, texts } from '../../wire/params.ts';
import type { Action } from '../context.ts';
import { Filters } from '../filters.ts';
import { resolvedImage } from '../image.ts';
import { pageOf } from '../pages.ts';
import type { Shape } from '../shape.ts';
import { tagShapes } from '../shape.ts';
import type { LaunchTemplate, TemplateVersion } from './template.ts';
import { versionOf } from './templates.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html */
const PAGE = { min: 1, max: 200, whole: false };

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html */
export const describeLaunchTemplates: Action = ({ params }, { templates }) => {
  const [ids, names] = [texts(params, 'LaunchTemplateId'), texts(params, 'LaunchTemplateName')];
  const filters = new Filters(params).check((name) => /^(create-time|launch-template-name|tag-key|tag:.+)$/.test(name));
  const named = [...ids.map((id) => templates.withId(id)), ...names.map((name) => templates.withName(name))];
  const candidates = (ids.length + names.length > 0 ? named : templates.all()).filter(isShown(params));
  const values = ({ createdAt, name, tags }: LaunchTemplate, filter: string): readonly (string | undefined)[] => {
    if (filter === 'create-time') return [new Date(createdAt).toISOString()];
    if (filter === 'launch-template-name') return [name];
    return filter === 'tag-key' ? [...tags.keys()] : [tags.get(filter.slice('tag:'.length))];
  };
  const matching = candidates.filter((template) => filters.acceptValues((filter) => values(template, filter)));
  const { items, nextToken } = pageOf(matching, params, PAGE);
  return { launchTemplates: items.map(templateShape), nextToken };
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html */
export const describeLaunchTemplateVersions: Action = ({ params }, { templates }) => {
  const filters = new Filters(params).check((name) => Object.hasOwn(FILTERS, name));
  const wanted = texts(params, 'LaunchTemplateVersion');
  const isOne = text(params, 'LaunchTemplateId') !== undefined || text(params, 'LaunchTemplateName') !== undefined;
  if (!isOne) checkForAll(wanted);
  const ranged = between(text(params, 'MinVersion'), text(params, 'MaxVersion'));
  const all = (isOne ? [templates.find(params)] : templates.all().filter(isShown(params))).flatMap((template) =>
    (wanted.length > 0 ? selected(template, wanted) : template.versions)
      .filter(({ number }) => ranged(number))
      .map((version) => [template, version] as const),
  );
  const matching = all.filter(([template, version]) =>
    filters.acceptValues((name) => [FILTERS[name]?.(version, template)]),
  );
  const { items, nextToken } = pageOf(matching, params, PAGE);
  const resolve = flag(params, 'ResolveAlias');
  return {
    launchTemplateVersionSet: items.map(([template, version]) => versionShape(template, version, resolve)),
    nextToken,
  };
};

type Value = (version: TemplateVersion, template: LaunchTemplate) => string | undefined;

const FILTERS: Readonly<Record<string, Value>> = {
  'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
  'ebs-optimized': ({ data }) => text(data, 'EbsOptimized'),
  'http-endpoint': ({ data }) => text(data, 'MetadataOptions', 'HttpEndpoint'),
  'http-tokens': ({ data }) => text(data, 'MetadataOptions', 'HttpTokens'),
  'iam-instance-profile': ({ data }) => text(data, 'IamInstanceProfile', 'Arn'),
  'image-id': ({ data }) => text(data, 'ImageId'),
  'instance-type': ({ data }) => text(data, 'InstanceType'),
  'is-default-version': ({ number }, { defaultVersion }) => String(number === defaultVersion),
};

/** Templates that AWS services manage can be hidden. */
const isShown = (params: Params) => (template: LaunchTemplate) =>
  template.operator === undefined || flag(params, 'IncludeManagedResources');

/** Of all templates of an account, only the latest or the default versions can be described. */
function checkForAll(wanted: readonly string[]): void {
  if (wanted.length > 0 && wanted.every((version) => version === '$Latest' || version === '$Default')) return;
  throw new ApiError(
    'InvalidParameterValue',
    'Without a launch template, the versions are $Latest and $Default; numbers need a launch template.',
  );
}

/** A version that two of the wanted ones stand for is returned once. */
const selected = (template: LaunchTemplate, wanted: readonly string[]): TemplateVersion[] => [
  ...new Set(wanted.map((version) => versionOf(template, version))),
];

const between =
  (min = '0', max = 'Infinity') =>
  (number: number): boolean =>
    number >= Number(min) && number <= Number(max);

/** A launch template in responses. */
export const templateShape = (template: LaunchTemplate): Shape => ({
  launchTemplateId: template.id,
  launchTemplateName: template.name,
  createTime: new Date(template.createdAt),
  createdBy: template.createdBy,
  defaultVersionNumber: template.defaultVersion,
  latestVersionNumber: template.latestVersion,
  tagSet: tagShapes(template.tags),
  operator: operatorShape(template),
});

/** A version in responses. */
export const versionShape = (template: LaunchTemplate, version: TemplateVersion, resolve = false): Shape => ({
  launchTemplateId: template.id,
  launchTemplateName: template.name,
  versionNumber: version.number,
  versionDescription: version.description,
  createTime: new Date(version.createdAt),
  createdBy: version.createdBy,
  defaultVersion: version.number === template.defaultVersion,
  launchTemplateData: dataShape(version.data, resolve),
  operator: operatorShape(template),
});

const operatorShape = ({ operator }: LaunchTemplate): Shape =>
  operator === undefined ? { managed: false } : { managed: true, principal: operator };

/** In responses, metadata options have a state, which requests do not have. */
function dataShape(data: Params, resolve: boolean): Shape {
  const { MetadataOptions, ImageId } = data;
  const shape = toResponse(data, ResponseLaunchTemplateData$);
  return {
    ...shape,
    ...(typeof ImageId === 'string' && resolve && { imageId: resolvedImage(ImageId) }),
    ...(MetadataOptions !== undefined && {
      metadataOptions: { state: 'pending', ...(shape.metadataOptions as Shape) },
    }),
  };
}
