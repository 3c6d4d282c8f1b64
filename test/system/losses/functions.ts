import { DeleteRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { LossId } from '../../../lambda/core/losses.ts';
import { OTHER, NOTHING, type Row } from './mallory.ts';

const FUNCTIONS = ['Function', 'ScanFunction', 'NotifierFunction'] as const;
const SOURCES = ['WorkQueueSource', 'CheckQueueSource', 'ScanSource', 'NotifierSource'] as const;

/** Ways to lose event source mappings, functions, roles and Regions. */
export const FUNCTION_LOSSES = {
  'mapping-deleted': SOURCES.map((path) => [
    path,
    (aws) => aws.lambda().send(new DeleteEventSourceMappingCommand({ UUID: aws.named(path) })),
  ]),
  'mapping-disabled': SOURCES.map((path) => [
    path,
    (aws) => aws.lambda().send(new UpdateEventSourceMappingCommand({ UUID: aws.named(path), Enabled: false })),
  ]),
  'function-deleted': FUNCTIONS.map((path) => [
    path,
    (aws) => aws.lambda().send(new DeleteFunctionCommand({ FunctionName: aws.named(path) })),
  ]),
  'function-stopped': FUNCTIONS.map((path) => [
    path,
    (aws) =>
      aws
        .lambda()
        .send(new PutFunctionConcurrencyCommand({ FunctionName: aws.named(path), ReservedConcurrentExecutions: 0 })),
  ]),
  'function-failed': [],
  'function-role': FUNCTIONS.map((path) => [
    path,
    (aws) =>
      aws.lambda().send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: aws.named(path),
          Role: 'arn:aws:iam::111122223333:role/elsewhere',
        }),
      ),
  ]),
  'function-environment': [
    ['mode', (aws) => aws.setEnvironment(aws.named('Function'), { IMDSV2_MODE: 'audit' })],
    [
      'a queue',
      (aws) => aws.setEnvironment(aws.named('Function'), { IMDSV2_WORK_QUEUE_URL: 'https://elsewhere.example/x' }),
    ],
    ['a setting', (aws) => aws.setEnvironment(aws.named('Function'), { IMDSV2_MAX_EXEMPTION_DAYS: '3650' })],
    ['a topic', (aws) => aws.setEnvironment(aws.named('NotifierFunction'), { IMDSV2_OUTCOMES_TOPIC_ARN: 'arn:x' })],
  ],
  'role-deleted': [
    [
      'Function',
      async (aws) => {
        await aws.deleteRolePolicies(aws.named('FunctionRole'));
        await aws.iam().send(new DeleteRoleCommand({ RoleName: aws.named('FunctionRole') }));
      },
    ],
  ],
  'role-trust': [
    [
      'NotifierFunction',
      (aws) =>
        aws
          .iam()
          .send(
            new UpdateAssumeRolePolicyCommand({ RoleName: aws.named('NotifierFunctionRole'), PolicyDocument: NOTHING }),
          ),
    ],
  ],
  'role-permissions': [
    ...FUNCTIONS.map((path): Row => [path, (aws) => aws.deleteRolePolicies(aws.named(`${path}Role`))]),
    ['the change is denied', (aws) => aws.deny(aws.named('FunctionRole'), 'ec2:ModifyInstanceMetadataOptions')],
    [
      'the change is denied in a Region',
      (aws) => aws.deny(aws.named('FunctionRole'), 'ec2:*', { StringEquals: { 'aws:RequestedRegion': OTHER } }),
    ],
    [
      'a Region is denied to the scan',
      (aws) => aws.deny(aws.named('ScanFunctionRole'), 'ec2:*', { StringEquals: { 'aws:RequestedRegion': OTHER } }),
    ],
    ['of a forwarder', (aws) => aws.deleteRolePolicies(aws.roleOfForwarder)],
  ],
  'region-not-visible': [],
  'other-region-not-visible': [],
} satisfies Readonly<Partial<Record<LossId, readonly Row[]>>>;
