import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { ALERT_SCHEMA, DETAIL_TYPES, MESSAGE_SCHEMA, SEVERITIES, STATUSES } from '../../lambda/contract.ts';
import { toAlerts, type AlertJson } from '../../lambda/core/alert/message.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import { REASONS } from '../../lambda/core/reason.ts';
import { LAUNCH_SOURCE_KINDS, type LaunchSource } from '../../lambda/core/launch-source.ts';
import type { MetadataOptions } from '../../lambda/core/instance.ts';
import { type OutcomeDetail, toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { toWorkloadImpactDetails, type WorkloadImpactDetail } from '../../lambda/core/workload-impact.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { ACCOUNT, INSTANCE, NOW, outcome, REGION, snapshot, target } from '../support/builders.ts';
import { digest, jsonOf } from '../support/digest.ts';
import { CALLER, type Complete, PREVENTION } from './complete.ts';

type Schema = Readonly<Record<string, unknown>>;

const FOLDER = join(__dirname, '..', '..', 'schemas');
const read = (file: string): Schema => JSON.parse(readFileSync(file, 'utf8')) as Schema;
const SCHEMAS = readdirSync(FOLDER).map((file) => [file, read(join(FOLDER, file))] as const);
const AMAZON_Q = read(join(__dirname, 'amazon-q.json'));

/** The same schema, which also rejects what it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy ? { additionalProperties: false, ...copy } : copy;
}

function validatorOf(schemas: readonly Schema[]) {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  schemas.forEach((schema) => ajv.addSchema(schema));
  return (name: string, value: unknown): string[] => {
    // Undefined fields are not sent.
    const sent: unknown = JSON.parse(JSON.stringify(value));
    ajv.validate(`urn:imdsv2-enforcer:${name}`, sent);
    return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}

const validate = validatorOf([...SCHEMAS.map(([, schema]) => schema), AMAZON_Q]);
const validateClosed = validatorOf([...SCHEMAS.map(([, schema]) => closed(schema) as Schema), AMAZON_Q]);

const OPTIONS: Complete<MetadataOptions> = {
  HttpTokens: 'optional',
  HttpEndpoint: 'enabled',
  HttpPutResponseHopLimit: 1,
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
  State: 'applied',
};
const LAUNCH_SOURCE: Complete<LaunchSource> = {
  autoScalingGroup: 'web',
  launchTemplateId: 'lt-1',
  launchTemplateVersion: '7',
  fleetId: 'fleet-1',
  spotFleetRequestId: 'sfr-1',
  karpenterNodeClass: 'default',
  karpenterNodePool: 'spot',
  ecsCluster: 'tasks',
  batchComputeEnvironment: 'nightly',
  emrCluster: 'j-1',
  parallelCluster: 'hpc',
  imageBuilder: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/base',
  packer: 'Packer Builder',
  stackName: 'web',
  stackLogicalId: 'Group',
  eksCluster: 'prod',
  eksNodegroup: 'blue',
  beanstalkEnvironment: 'shop',
  beanstalkEnvironmentId: 'e-1',
};
const TIME = '2026-11-22T12:00:00.000Z';

const OUTCOME: Complete<OutcomeDetail> = {
  ...toOutcomeDetail(outcome()),
  test: true,
  detail: 'x',
  consoleUrl: 'https://eu-west-1.console.aws.amazon.com/',
  name: 'web-1',
  state: 'running',
  exemptionTag: 'set',
  launchTime: TIME,
  exposedSince: TIME,
  exposedSeconds: 40,
  caller: CALLER,
  launchSource: LAUNCH_SOURCE,
  before: OPTIONS,
  after: OPTIONS,
  instanceProfile: 'arn',
  publicAddresses: ['203.0.113.7'],
  vpcId: 'vpc-1',
  owner: 'team-web',
  exemption: { until: '2026-12-01', reason: 'agent X', owner: 'kim' },
  repeatedDrift: {
    count: 3,
    principals: [{ principal: 'kim', sessions: ['s-1'], count: 3, firstSeen: TIME, lastSeen: TIME }],
    notVisible: 'denied',
  },
};
const [ALERT] = toAlerts([OUTCOME], { maxExemptionDays: 90, now: NOW });
const CALLER_DETAIL = {
  software: 'botocore 1.12.92',
  diagnosis: 'upgrade',
  advice: 'upgrade',
  calls: 3,
  firstSeen: TIME,
  lastSeen: TIME,
  instanceIds: [INSTANCE],
} as const;
const DIGEST: DigestDetail = {
  ...jsonOf(digest([{}], { rejected: new Map([[INSTANCE, { calls: 3 }]]), problems: ['the rule Launch is disabled'] })),
  test: true,
  compliancePercent: 61.9,
  instances: [
    {
      instanceId: INSTANCE,
      name: 'web-1',
      verdict: 'non-compliant',
      needsReview: 'in-use',
      usage: {
        kind: 'in-use',
        hours: 3,
        calls: 42,
        callsPerDay: 2.1,
        lastSeen: TIME,
        why: 'gaps',
        scope: 'group',
        atBoot: true,
      },
      exemptUntil: '2026-12-01',
      exemptReason: 'agent X',
      exemptionTag: 'soon',
      expiresSoon: true,
      overdueSince: '2026-11-01',
      exemptionProblem: 'exemption-malformed',
      launchSource: LAUNCH_SOURCE,
    } satisfies Complete<DigestDetail['instances'][number]>,
  ],
  callers: {
    instances: 3,
    software: [CALLER_DETAIL],
    more: 1,
    withoutCallers: [INSTANCE],
    unexplained: [{ instanceId: INSTANCE, address: '198.51.100.7', calls: 1, lastSeen: TIME }],
    notVisible: ['denied'],
  } satisfies Complete<DigestDetail['callers']>,
};
const IMPACT: Complete<WorkloadImpactDetail> = {
  schema: 'imdsv2-enforcer.workload-impact/v1',
  test: true,
  severity: 'HIGH',
  account: ACCOUNT,
  region: REGION,
  instances: [
    {
      instanceId: INSTANCE,
      name: 'web-1',
      remediatedAt: TIME,
      rejectedCalls: 7,
      state: 'applied',
      launchSource: LAUNCH_SOURCE,
      hopLimit: 1,
      containerHost: true,
      callers: [CALLER_DETAIL],
      callersNotVisible: 'denied',
      rollback: 'imdsv2 rollback',
    },
  ],
};

const COMPLETE = [
  ['outcome:v1', OUTCOME],
  ['alert:v1', ALERT?.json satisfies AlertJson | undefined],
  ['digest:v1', DIGEST],
  ['workload-impact:v1', IMPACT],
  ['prevention:v1', PREVENTION],
] as const;

test('every schema is JSON Schema 2020-12, and every kind of message has one', () => {
  expect(SCHEMAS.map(([, { $schema }]) => $schema)).toEqual(
    SCHEMAS.map(() => 'https://json-schema.org/draft/2020-12/schema'),
  );
  const names = [...Object.keys(DETAIL_TYPES), ALERT_SCHEMA];
  const files = names.map((name) => `${name.replace('imdsv2-enforcer.', '').replace('/', '.')}.json`);
  expect(SCHEMAS.map(([file]) => file).sort()).toEqual(files.sort());
});

describe.each(COMPLETE)('the schema %s', (name, complete) => {
  test('names every field of its type', () => {
    expect(validateClosed(name, complete)).toEqual([]);
  });

  test('has no field that the type lacks', () => {
    const schema = SCHEMAS.find(([file]) => file === `${name.replace(':', '.')}.json`)?.[1];
    expect(Object.keys(schema?.properties ?? {}).sort()).toEqual(Object.keys(complete ?? {}).sort());
  });

  test('requires what is never absent, and rejects other kinds', () => {
    const { required } = SCHEMAS.find(([file]) => file === `${name.replace(':', '.')}.json`)?.[1] ?? {};
    for (const field of required as string[]) {
      const broken = Object.fromEntries(Object.entries(complete ?? {}).filter(([key]) => key !== field));
      expect(validate(name, broken)).not.toEqual([]);
    }
    expect(validate(name, { ...complete, schema: 'imdsv2-enforcer.other/v1' })).not.toEqual([]);
    expect(validate(name, { ...complete, severity: 'info' })).not.toEqual([]);
    expect(validate(name, { ...complete, account: '1' })).not.toEqual([]);
  });

  test('accepts fields of later versions', () => {
    expect(validate(name, { ...complete, later: 1 })).toEqual([]);
  });
});

test('the schema of an outcome has the values of the contract', () => {
  const { properties } = SCHEMAS.find(([file]) => file === 'outcome.v1.json')?.[1] as {
    properties: Record<string, { enum: string[]; const: string }>;
  };
  expect(properties.severity?.enum).toEqual(SEVERITIES);
  expect(properties.status?.enum).toEqual(STATUSES);
  expect(new Set(properties.reason?.enum)).toEqual(new Set(REASONS));
  expect(properties.schema?.const).toBe(MESSAGE_SCHEMA);
  const alert = JSON.stringify(SCHEMAS.find(([file]) => file === 'alert.v1.json')?.[1]);
  expect(alert).toContain(JSON.stringify(LAUNCH_SOURCE_KINDS));
});

describe.each(STATUSES)('the messages about %s', (status) => {
  test.each(ALL_TRIGGERS.map(({ name }) => name))('on %s follow their schemas', (trigger) => {
    const given = outcome({ status, target: target({ trigger }) });
    const unread = outcome({ status, target: target({ trigger }), snapshot: undefined });
    const details = [toOutcomeDetail(given, 'Owner'), toOutcomeDetail(unread)];
    for (const detail of details) expect(validateClosed('outcome:v1', detail)).toEqual([]);
    for (const { json, chat } of toAlerts(details, { maxExemptionDays: 90, now: NOW })) {
      expect(validateClosed('alert:v1', json)).toEqual([]);
      expect(validate('chat:v1', chat)).toEqual([]);
    }
  });
});

test('digests and workload impact follow their schemas', () => {
  expect(validateClosed('digest:v1', jsonOf(digest([])))).toEqual([]);
  expect(validateClosed('digest:v1', jsonOf(digest([{}])))).toEqual([]);
  const impacts = [{ snapshot: snapshot(), remediatedAt: NOW, rejected: 1 }];
  for (const detail of toWorkloadImpactDetails(ACCOUNT, REGION, impacts, { maxExemptionDays: 90 })) {
    expect(validateClosed('workload-impact:v1', detail)).toEqual([]);
  }
});
