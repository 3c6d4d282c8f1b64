import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { Key, Keys } from './keys.ts';

const DAY = 86_400;
const DEFAULT_WINDOW_DAYS = 30;

/** The state of keys and their policies. The local AWS encrypts nothing. */
export class KmsService implements Service {
  readonly #keys: Keys;

  public constructor(keys: Keys) {
    this.#keys = keys;
  }

  public handle(call: ApiCall): ResponseValue {
    const { action, params, at } = call;
    const key = this.#key(call);
    switch (action) {
      case 'DescribeKey':
        return { KeyMetadata: { KeyId: key.id, Arn: key.arn, KeyState: key.state, Enabled: key.state === 'Enabled' } };
      case 'GetKeyPolicy':
        return { Policy: key.policy, PolicyName: 'default' };
      case 'PutKeyPolicy':
        key.policy = text(params, 'Policy') ?? '';
        return {};
      case 'EnableKey':
      case 'DisableKey':
        if (key.state === 'PendingDeletion') throw invalidState(key);
        key.state = action === 'EnableKey' ? 'Enabled' : 'Disabled';
        return {};
      case 'ScheduleKeyDeletion': {
        key.state = 'PendingDeletion';
        const days = Number(text(params, 'PendingWindowInDays') ?? DEFAULT_WINDOW_DAYS);
        return { KeyId: key.arn, KeyState: key.state, DeletionDate: at / 1000 + days * DAY };
      }
      case 'CancelKeyDeletion':
        // A key is disabled afterwards. https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
        key.state = 'Disabled';
        return { KeyId: key.arn };
      default:
        throw new ApiError('InvalidAction', `The local AWS has no kms:${action}`);
    }
  }

  #key({ params, region }: ApiCall): Key {
    const id = text(params, 'KeyId') ?? '';
    const key = this.#keys.get(region, id);
    if (key === undefined) throw new ApiError('NotFoundException', `Key '${id}' does not exist`);
    return key;
  }
}

const invalidState = ({ arn }: Key): ApiError =>
  new ApiError('KMSInvalidStateException', `${arn} is pending deletion.`);
