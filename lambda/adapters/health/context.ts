import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { Existing, Mode } from '../../contract.ts';
import { FailureError } from '../../core/failure.ts';
import type { HealthResult } from '../../core/health.ts';
import { clean } from '../../core/text.ts';
import { toFailure } from '../failures.ts';
import type { Parts, StackResource } from './parts.ts';

/** Clients of a region. */
export interface HealthClients {
  readonly events: EventBridgeClient;
  readonly queues: SQSClient;
  readonly trails: CloudTrailClient;
  readonly ec2: EC2Client;
}

/** The deployment to check, and how it is read. */
export interface HealthOptions {
  readonly partition: string;
  readonly account: string;
  /** The home region. */
  readonly region: string;
  /** The resources of the stack. */
  readonly resources: () => Promise<readonly StackResource[]>;
  /** The scan function, if the stack may have several. */
  readonly scanFunction?: string;
  readonly settings: HealthSettings;
  readonly clients: {
    readonly inRegion: (region: string) => HealthClients;
    readonly alarms: CloudWatchClient;
    readonly functions: LambdaClient;
    readonly keys: KMSClient;
    readonly roles: IAMClient;
    readonly topics: SNSClient;
  };
  /** Describes an error of a call. @default its name and message */
  readonly explain?: (error: unknown) => string;
}

/** Settings that decide what a healthy deployment has. */
export interface HealthSettings {
  readonly mode: Mode;
  readonly existing: Existing;
  /** Whether scans may change instances. */
  readonly scansMayChange: boolean;
  /** Whether a trail is expected. */
  readonly trail: boolean;
  /** Regions that forward their events to the home region. */
  readonly forwarders: readonly string[];
  readonly scanEveryHours: number;
  readonly alertSummaryMinutes: number;
  readonly outcomeBusArn: string;
}

/** What a check of the home region reads from. */
export interface HomeContext extends HealthOptions {
  readonly parts: Parts;
}

/** A check of a group of parts. */
export interface Check<T> {
  readonly name: string;
  readonly run: (context: T) => Promise<readonly HealthResult[]>;
}

/** Parts that are read at the same time. */
const CONCURRENCY = 6;

/**
 * Checks each part. An error is a result of its own, so that it hides no finding about another part.
 *
 * @returns what the parts have, or the result of a healthy group.
 */
export async function checkEach<T>(
  check: string,
  parts: readonly T[],
  one: (part: T) => Promise<readonly HealthResult[]>,
  { healthy, explain }: { readonly healthy: HealthResult; readonly explain: HealthOptions['explain'] },
): Promise<readonly HealthResult[]> {
  const found = await pMap(parts, (part) => one(part).catch((error: unknown) => [unseen(check, error, explain)]), {
    concurrency: CONCURRENCY,
  });
  const results = found.flat();
  // A missing permission fails the check of each part in the same way.
  const unique = results.filter(
    (result, index) => result.loss !== undefined || results.findIndex(({ text }) => text === result.text) === index,
  );
  return unique.length > 0 ? unique : [healthy];
}

/** The result of a check that could not be made. */
export function unseen(check: string, error: unknown, explain: HealthOptions['explain'] = explained): HealthResult {
  const { kind } = error instanceof FailureError ? error : toFailure(error);
  const text = clean(explain(error), 500);
  return kind === 'denied'
    ? {
        check,
        level: 'not-visible',
        text: `not visible from here: ${text}`,
        action: 'allow it, or ask someone who may',
      }
    : { check, level: 'unchecked', text: `could not be checked: ${text}` };
}

const explained = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** The result of a call; `undefined` if it fails because what it names does not exist. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && MISSING.test(error.name)) return undefined;
    throw error;
  }
}

/** Errors of the services for a name that does not exist. The error of SQS depends on the protocol. */
const MISSING =
  /^((ResourceNot|Not)Found(Exception)?|NoSuchEntity(Exception)?|.*(NonExistentQueue|QueueDoesNotExist))$/;
