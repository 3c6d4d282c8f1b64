import { texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import { checkImage } from './image.ts';
import { pageOf } from './pages.ts';

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
