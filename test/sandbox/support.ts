import { join } from 'node:path';
import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/index.ts';

/** Time scale of tests without functions: a simulated minute takes 30 ms. */
const FAST = 2000;
/** Time scale of tests with functions, whose real work takes longer in simulated time by this factor. */
export const BRISK = 200;

export const FIXTURE = join(import.meta.dirname, 'fixtures/function.mjs');
export const READER = join(import.meta.dirname, 'fixtures/reader.mjs');
export const IMAGE = 'ami-0aa11bb22cc33dd44';

const stops: (() => Promise<void> | void)[] = [];

/** A sandbox that is stopped after the test. */
export async function sandboxOf(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ timeScale: FAST, pauseWhenOverloaded: true, ...options });
  stops.push(() => sandbox.stop());
  return sandbox;
}

/** A client that is destroyed after the test. By default it does not retry. */
export function ec2Of(
  sandbox: Sandbox,
  { accessKeyId = 'AKIATEST', region = 'us-east-1', maxAttempts = 1 } = {},
): EC2Client {
  const client = new EC2Client({ ...sandbox.client({ accessKeyId, region }), maxAttempts });
  stops.push(() => client.destroy());
  return client;
}

export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

/** Launches instances and returns their ids. */
export async function launch(client: EC2Client, input: Partial<RunInstancesCommandInput> = {}): Promise<string[]> {
  const { Instances = [] } = await client.send(
    new RunInstancesCommand({ ImageId: IMAGE, MinCount: 1, MaxCount: input.MinCount ?? 1, ...input }),
  );
  return Instances.map(({ InstanceId = '' }) => InstanceId);
}

/** The instances and the number of reservations in a DescribeInstances response. */
export async function describeInstances(ec2: EC2Client, input: DescribeInstancesCommandInput) {
  const { Reservations = [], NextToken } = await ec2.send(new DescribeInstancesCommand(input));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  return { instances, reservations: Reservations.length, NextToken };
}

/** The ids of instances that match filters. */
export async function idsWith(ec2: EC2Client, filters: Record<string, string[]>) {
  const Filters = Object.entries(filters).map(([Name, Values]) => ({ Name, Values }));
  return (await describeInstances(ec2, { Filters })).instances.map(({ InstanceId }) => InstanceId);
}

/** The error name and HTTP status of a call that fails. */
export async function refusal(call: Promise<unknown>): Promise<[name: string, status: number | undefined]> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return [name, $metadata?.httpStatusCode];
  }
  throw new Error('the call did not fail');
}
