import { messagesOf } from '../../../lambda/app/notify/deliver.ts';
import { toOutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import { drift } from '../../../lambda/triggers/drift.ts';
import { mailLines, textSvg } from './text-svg.ts';

const AT = new Date('2026-11-22T12:00:00Z');
const INSTANCE = 'i-0a1b2c3d4e5f60718';
const BEFORE = { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2, State: 'applied' };

/** The alert about an instance on which IMDSv1 was re-enabled, as a mail program shows it. */
export function alertSvg(): string {
  const detail = toOutcomeDetail(
    {
      target: {
        account: '111122223333',
        region: 'eu-west-1',
        instanceId: INSTANCE,
        context: {
          trigger: drift,
          eventId: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10',
          occurredAt: new Date('2026-11-22T11:59:48Z'),
          recorded: { ...BEFORE, requested: 'optional-tokens' },
          caller: {
            principal: 'arn:aws:sts::111122223333:assumed-role/deploy-pipeline/build-4711',
            session: 'build-4711',
            cloudTrailEventId: 'f2a1c3d4-9b8e-4c7d-a6f5-0e1d2c3b4a59',
            sourceIp: '203.0.113.80',
            userAgent: 'HashiCorp Terraform/1.13.4',
          },
        },
      },
      snapshot: {
        instanceId: INSTANCE,
        state: 'running',
        options: BEFORE,
        awsManaged: false,
        launchTime: new Date('2026-10-01T08:00:00Z'),
        firstLaunch: new Date('2026-10-01T08:00:00Z'),
        tags: new Map([
          ['Name', 'checkout-7'],
          ['Owner', 'team-checkout'],
          ['aws:autoscaling:groupName', 'checkout'],
          ['aws:ec2launchtemplate:id', 'lt-0a1b2c3d4e5f60718'],
          ['aws:ec2launchtemplate:version', '7'],
        ]),
        instanceProfile: 'arn:aws:iam::111122223333:instance-profile/checkout',
        publicAddresses: ['203.0.113.7'],
        vpcId: 'vpc-0a1b2c3d4e5f60741',
      },
      status: 'remediated',
      reason: 'imdsv1-enabled',
      at: AT,
      after: { ...BEFORE, HttpTokens: 'required' },
      exposedSeconds: 12,
    },
    'Owner',
  );
  const [message] = messagesOf([detail], { maxExemptionDays: 90 }, AT);
  if (message === undefined) throw new Error('no alert');
  return textSvg(message.subject, mailLines(message.email, 108), 'sans', 940);
}
