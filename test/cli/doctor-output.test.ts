import { GetFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { REGION } from '../support/builders.ts';
import { expectToFit, linesOn, SCREENS, UNLIMITED } from '../support/screens.ts';
import { awsError, healthy, respondWith, RESPONSE, services, subscription } from './doctor-aws.ts';

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

const DEPLOYMENTS: readonly (readonly [string, () => void])[] = [
  ['healthy', () => undefined],
  [
    'with a finding in every service',
    () => {
      services.cloudtrail.on(GetTrailStatusCommand).resolves({ IsLogging: false });
      services.events.on(DescribeRuleCommand).resolves({ State: 'DISABLED' });
      services.lambda.on(GetFunctionConcurrencyCommand).resolves({ ReservedConcurrentExecutions: 0 });
      services.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: 'key-1', KeyState: 'PendingDeletion' } });
      services.sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [] });
      respondWith({ ...RESPONSE, required: { verdict: 'denied', message: 'You are not authorized to do this.' } });
    },
  ],
  [
    'with subscriptions that are not confirmed',
    () => {
      const Subscriptions = [subscription('security@example.com', 'PendingConfirmation')];
      services.sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions });
    },
  ],
  [
    'that may not be read',
    () => {
      const error = awsError(
        'AccessDenied',
        'User: arn:aws:sts::111122223333:assumed-role/Reader/kim is not authorized to perform this action',
      );
      services.cloudtrail.onAnyCommand().rejects(error);
      services.events.onAnyCommand().rejects(error);
      services.iam.onAnyCommand().rejects(error);
      services.sns.onAnyCommand().rejects(error);
      respondWith(undefined);
    },
  ],
];

describe.each(SCREENS)('%s', (_, screen, width) => {
  test.each(DEPLOYMENTS)('imdsv2 doctor on a deployment %s', async (_, prepare) => {
    prepare();
    const args = ['doctor', '--region', REGION];
    const lines = await linesOn(screen, args);
    expect(lines.length).toBeGreaterThan(10);
    expectToFit(lines, await linesOn(UNLIMITED, args), width);
  });
});
