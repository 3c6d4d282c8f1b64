import { clean } from '../text.ts';
import { type Sdk, SDKS } from './least-versions.ts';

/** The software that made a call, as its user agent names it. Names and versions are sanitized. */
export interface Software {
  /** The program if the user agent names one, or else the SDK. */
  readonly name: string;
  readonly version?: string;
  /** `aws-service`: an AWS service made the call for the role, such as CloudFormation for its resources. */
  readonly kind: 'sdk' | 'agent' | 'aws-service' | 'other';
  /** The AWS SDK that got the credentials. */
  readonly sdk?: { readonly name: string; readonly version: string };
  /** It runs in the network of the host even if in a container, so a hop limit of 1 suffices. */
  readonly onHost: boolean;
  /** The SDK says that it runs in a container. */
  readonly inContainer: boolean;
}

/** The longest part of a user agent that is read; CloudTrail cuts it at 1 KB. */
const MAX_USER_AGENT = 1024;
const MAX_NAME = 60;
const MAX_VERSION = 40;

const VERSION = String.raw`v?(\d[\w.+-]*)`;

/** The version of a product in a user agent, as in `Name/1.2`, `name/v1.2` and the newer `md/name#1.2`. */
const productPattern = (product: string): RegExp =>
  new RegExp(String.raw`(?<![\w.-])(?:${product})[/#]${VERSION}`, 'i');

/** Agents and tools of AWS and others that contain an SDK. */
const AGENTS = [
  { name: 'Terraform', product: 'terraform', onHost: false },
  { name: 'Terraform provider aws', product: 'terraform-provider-aws', onHost: false },
  { name: 'Packer', product: 'packer', onHost: false },
  { name: 'SSM agent', product: 'amazon-ssm-agent', onHost: true },
  { name: 'CloudWatch agent', product: 'cwagent', onHost: false },
  { name: 'ECS agent', product: 'amazon-ecs-agent', onHost: true },
  { name: 'VPC CNI', product: 'amazon-vpc-cni-k8s', onHost: true },
  { name: 'Kubernetes', product: 'kubernetes|kubelet', onHost: true },
].map((agent) => ({ ...agent, pattern: productPattern(agent.product) }));

/** The ECS agent has a form of its own. */
const ECS_AGENT = new RegExp(`Amazon ECS Agent - ${VERSION}`, 'i');

const PROGRAM = new RegExp(String.raw`^([A-Za-z][\w.@-]*)\/${VERSION}`);

const BOTO3 = productPattern('boto3');

const SDK_PATTERNS = SDKS.map((sdk) => ({ sdk, pattern: productPattern(sdk.product) }));

/** The name of an AWS service instead of a user agent. */
const SERVICE = /^AWS Internal\b|^aws-internal\/\d+|^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/i;

/** What partners of AWS write before the name of their product. */
const PARTNER = /^APN\/[\d.]+ [\w.-]+\/[\d.]+ /i;

/**
 * The software that a user agent names. Accepts any text.
 *
 * Services write it in brackets, as in `[aws-cli/1.16.200 …]`.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function softwareOf(userAgent: string): Software {
  const text = clean(userAgent, MAX_USER_AGENT)
    .replace(/^\s*\[(.*)\]\s*$/, '$1')
    .trim();
  const inContainer = /(?<![\w-])exec-env[/#]AWS_ECS_/i.test(text);
  const service = SERVICE.exec(text)?.[0];
  if (service !== undefined) return { ...named(service), kind: 'aws-service', onHost: false, inContainer };
  const found = sdkIn(text);
  const sdk = found && { name: found.sdk.name, version: clean(found.version, MAX_VERSION) };
  const agent = agentIn(text);
  if (agent !== undefined) return { ...agent, kind: 'agent', sdk, inContainer };
  const program = programIn(text);
  if (sdk === undefined) return { ...(program ?? named(text)), kind: 'other', onHost: false, inContainer };
  const boto3 = sdk.name === 'botocore' ? BOTO3.exec(text)?.[1] : undefined;
  const library = boto3 === undefined ? sdk : { name: 'Boto3', version: clean(boto3, MAX_VERSION) };
  return { ...(program ?? library), kind: 'sdk', sdk, onHost: false, inContainer };
}

/** The row of the SDK of some software. */
export const rowOf = ({ sdk }: Software): Sdk | undefined => SDKS.find(({ name }) => name === sdk?.name);

function sdkIn(text: string): { readonly sdk: Sdk; readonly version: string } | undefined {
  for (const { sdk, pattern } of SDK_PATTERNS) {
    const version = pattern.exec(text)?.[1];
    if (version === undefined) continue;
    if (sdk.line === undefined || version.split('.')[0] === sdk.line) return { sdk, version };
  }
  return undefined;
}

function agentIn(text: string): Pick<Software, 'name' | 'version' | 'onHost'> | undefined {
  const ecs = ECS_AGENT.exec(text)?.[1];
  if (ecs !== undefined) return { name: 'ECS agent', version: clean(ecs, MAX_VERSION), onHost: true };
  for (const { name, pattern, onHost } of AGENTS) {
    const version = pattern.exec(text)?.[1];
    if (version !== undefined) return { name, version: clean(version, MAX_VERSION), onHost };
  }
  return undefined;
}

/** The program at the start of the text, unless that is an SDK or names none. */
function programIn(text: string): Pick<Software, 'name' | 'version'> | undefined {
  const [, product = '', version = ''] = PROGRAM.exec(text.replace(PARTNER, '')) ?? [];
  if (product === '' || SDK_PATTERNS.some(({ pattern }) => pattern.test(`${product}/1`))) return undefined;
  return { name: clean(product, MAX_NAME), version: clean(version, MAX_VERSION) };
}

const named = (text: string) => ({ name: clean(text, MAX_NAME) || 'software without a user agent' });
