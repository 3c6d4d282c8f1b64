import { hexOf } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';

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
