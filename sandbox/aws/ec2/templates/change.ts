import { RequestLaunchTemplateData$ } from '@aws-sdk/client-ec2';
import { ApiError } from '../../wire/errors.ts';
import type { ApiCall } from '../../wire/gateway.ts';
import { fromRequest } from '../../wire/model.ts';
import { at, list, type Params, text, texts } from '../../wire/params.ts';
import type { Action } from '../context.ts';
import { readOptions } from '../metadata-options.ts';
import { once } from '../once.ts';
import type { Shape } from '../shape.ts';
import { checkTags, readTags } from '../tags.ts';
import { templateShape, versionShape } from './describe.ts';
import { by, LaunchTemplate } from './template.ts';
import { versionOf } from './templates.ts';

const ID_DIGITS = 17;
const MOST_DELETED = 200;

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html */
export const createLaunchTemplate: Action = once(
  ({ params, caller, at: now }, { templates, name: region }, { ids }) => {
    const name = text(params, 'LaunchTemplateName') ?? '';
    if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) {
      throw new ApiError('InvalidLaunchTemplateName.MalformedException', `Invalid launch template name: ${name}`);
    }
    if (templates.named(name) !== undefined) {
      throw new ApiError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
    }
    const data = dataOf(params);
    const tags = list(params, 'TagSpecification')
      .filter((specification) => text(specification, 'ResourceType') === 'launch-template')
      .flatMap(readTags);
    checkTags(tags, caller);
    const id = `lt-${ids.hex('launch-template', ID_DIGITS, `${region} ${name} ${now}`)}`;
    const template = new LaunchTemplate({ id, name, tags: new Map(tags) }, by(caller, now));
    template.add({ ...by(caller, now), description: text(params, 'VersionDescription'), data });
    return { launchTemplate: templateShape(templates.add(template)) };
  },
);

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html */
export const createLaunchTemplateVersion: Action = once(({ params, caller, at: now }, { templates }) => {
  const template = templates.find(params);
  const source = text(params, 'SourceVersion');
  const given = dataOf(params);
  const data = source === undefined ? given : { ...withoutSnapshots(versionOf(template, source).data), ...given };
  const version = template.add({ ...by(caller, now), description: text(params, 'VersionDescription'), data });
  return { launchTemplateVersion: versionShape(template, version) };
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html */
export const modifyLaunchTemplate: Action = ({ params }, { templates }) => {
  const template = templates.find(params);
  const wanted = text(params, 'SetDefaultVersion');
  if (wanted !== undefined) template.defaultVersion = versionOf(template, wanted).number;
  return { launchTemplate: templateShape(template) };
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplate.html */
export const deleteLaunchTemplate: Action = ({ params }, { templates }) => {
  const template = templates.find(params);
  templates.delete(template);
  return { launchTemplate: templateShape(template) };
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html */
export const deleteLaunchTemplateVersions: Action = ({ params }, { templates }) => {
  const template = templates.find(params);
  const wanted = texts(params, 'LaunchTemplateVersion');
  if (wanted.length > MOST_DELETED) {
    throw new ApiError('InvalidParameterValue', `At most ${MOST_DELETED} versions can be deleted in one request`);
  }
  const deleted: Shape[] = [];
  const failed: Shape[] = [];
  for (const number of wanted) {
    const item = { launchTemplateId: template.id, launchTemplateName: template.name, versionNumber: Number(number) };
    const responseError = deletionError(template, Number(number));
    if (responseError === undefined) deleted.push(item);
    else failed.push({ ...item, responseError });
  }
  return {
    successfullyDeletedLaunchTemplateVersionSet: deleted,
    unsuccessfullyDeletedLaunchTemplateVersionSet: failed,
  };
};

function deletionError(template: LaunchTemplate, number: number): Shape | undefined {
  if (number === template.defaultVersion) {
    return { code: 'unexpectedError', message: 'The default version of a launch template cannot be deleted.' };
  }
  if (template.delete(number)) return undefined;
  return { code: 'launchTemplateVersionDoesNotExist', message: `The version ${number} does not exist.` };
}

/** The launch template data of a request. */
function dataOf(params: ApiCall['params']): Params {
  const given = at(params, 'LaunchTemplateData');
  if (given === undefined) {
    throw new ApiError('MissingParameter', 'The request must contain the parameter LaunchTemplateData');
  }
  const data = fromRequest(given, RequestLaunchTemplateData$);
  readOptions(at(data, 'MetadataOptions'));
  return data;
}

/**
 * Data that a new version inherits.
 *
 * The snapshots of its block devices are no part of it: API reference, CreateLaunchTemplateVersion, SourceVersion.
 */
function withoutSnapshots(data: Params): Params {
  if (data.BlockDeviceMappings === undefined) return data;
  const BlockDeviceMappings = list(data, 'BlockDeviceMappings').map((mapping) => {
    const ebs = at(mapping, 'Ebs');
    if (typeof ebs !== 'object' || ebs === null) return mapping;
    return { ...(mapping as Params), Ebs: { ...ebs, SnapshotId: undefined } };
  });
  return { ...data, BlockDeviceMappings };
}
