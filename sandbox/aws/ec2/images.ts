import { hexOf } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import { texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import { pageOf } from './pages.ts';

/** An image and its settings. */
export interface Image {
  readonly imdsSupport?: string;
  /** Whether it was deregistered, so that no call returns it and no launch uses it. */
  readonly deregistered?: boolean;
}

const ID_DIGITS = 17;

/** The image id that a Systems Manager parameter stands for, or the id itself. */
export const resolvedImage = (imageId: string): string =>
  imageId.startsWith('resolve:ssm:') ? `ami-${hexOf(ID_DIGITS, imageId)}` : imageId;

/** @throws ApiError if the id is malformed or the image was deregistered. */
export function checkImage(imageId: string, images: ReadonlyMap<string, Image>): string {
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(imageId)) {
    throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${imageId}"`);
  }
  if (images.get(imageId)?.deregistered !== true) return imageId;
  throw new ApiError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
}

/**
 * Images by id, or those with settings.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
 */
export const describeImages: Action = ({ params }, { images }, { account }) => {
  const ids = texts(params, 'ImageId').map((id) => checkImage(id, images));
  const filters = new Filters(params).check((name) => /^(image-id|imds-support|state)$/.test(name));
  // Every well-formed id denotes an image, so that a filter for ids finds images without settings, too.
  const candidates = ids.length > 0 ? ids : [...new Set([...images.keys(), ...(filters.exact('image-id') ?? [])])];
  const matching = candidates
    .filter((imageId) => images.get(imageId)?.deregistered !== true)
    .filter((imageId) =>
      filters.acceptValues((name) => {
        if (name === 'image-id') return [imageId];
        return [name === 'state' ? 'available' : images.get(imageId)?.imdsSupport];
      }),
    );
  const { items, nextToken } = pageOf(matching, params, { min: 1, max: 1000, whole: true });
  const imagesSet = items.map((imageId) => ({
    imageId,
    imageOwnerId: account,
    imageState: 'available',
    isPublic: false,
    name: imageId,
    architecture: 'x86_64',
    imageType: 'machine',
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    virtualizationType: 'hvm',
    imdsSupport: images.get(imageId)?.imdsSupport,
  }));
  return { imagesSet, nextToken };
};
