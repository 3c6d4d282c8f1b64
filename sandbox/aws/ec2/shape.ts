import { hexOf } from '../simulation/ids.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { type Instance, STATE_CODE, type StateName } from './instance.ts';
import type { MetadataOptions } from './metadata-options.ts';

/**
 * An object in a response.
 *
 * CloudTrail records of EC2 have the same field names and are made from it too.
 */
export type Shape = { readonly [name: string]: ResponseValue };

export const stateShape = (name: StateName): Shape => ({ code: STATE_CODE[name], name });

export const optionsShape = (options: MetadataOptions, state: Instance['optionsState']): Shape => ({
  state,
  httpTokens: options.HttpTokens,
  httpPutResponseHopLimit: options.HttpPutResponseHopLimit,
  httpEndpoint: options.HttpEndpoint,
  httpProtocolIpv4: 'enabled',
  httpProtocolIpv6: options.HttpProtocolIpv6,
  instanceMetadataTags: options.InstanceMetadataTags,
});

/** Tags in responses. */
export const tagShapes = (tags: Iterable<readonly [string, string]>): Shape[] =>
  [...tags].map(([key, value]) => ({ key, value }));

/** An instance in the responses of DescribeInstances and RunInstances. */
export function instanceShape(instance: Instance, account: string): Shape {
  const { id, region, state, startedAt } = instance;
  const isTerminated = state === 'terminated';
  const resources = hardwareOf(instance);
  const { address } = resources;
  const privateDnsName = isTerminated ? '' : `ip-${address.replaceAll('.', '-')}.${region}.compute.internal`;
  const groupSet = isTerminated ? [] : [{ groupId: resources.groupId, groupName: 'default' }];
  return {
    instanceId: id,
    imageId: instance.imageId,
    instanceState: stateShape(state),
    privateDnsName,
    dnsName: '',
    reason: '',
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.instanceType,
    launchTime: new Date(startedAt),
    placement: { availabilityZone: `${region}a`, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    ...(isTerminated ? {} : { subnetId: resources.subnetId, vpcId: resources.vpcId, privateIpAddress: address }),
    ipAddress: isTerminated ? undefined : instance.publicIp,
    stateReason: instance.stateReason,
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: isTerminated || state === 'pending' ? [] : [rootVolume(instance)],
    virtualizationType: 'hvm',
    clientToken: instance.clientToken,
    tagSet: tagShapes(instance.tags),
    hypervisor: 'xen',
    groupSet,
    sourceDestCheck: true,
    networkInterfaceSet: isTerminated ? [] : [networkInterface(instance, account, privateDnsName, groupSet)],
    iamInstanceProfile:
      instance.profileArn === undefined ? undefined : { arn: instance.profileArn, id: resources.profileId },
    ebsOptimized: false,
    enaSupport: true,
    cpuOptions: { coreCount: 1, threadsPerCore: 2 },
    capacityReservationSpecification: { capacityReservationPreference: 'open' },
    hibernationOptions: { configured: false },
    enclaveOptions: { enabled: false },
    // A terminated instance still has its last options, with the state `pending`.
    metadataOptions: optionsShape(instance.options, isTerminated ? 'pending' : instance.optionsState),
    maintenanceOptions: { autoRecovery: 'default' },
    privateDnsNameOptions: {
      hostnameType: 'ip-name',
      enableResourceNameDnsARecord: false,
      enableResourceNameDnsAAAARecord: false,
    },
    currentInstanceBootMode: 'legacy-bios',
    operator:
      instance.operator === undefined
        ? { managed: false }
        : {
            managed: true,
            principal: instance.operator.principal,
            hiddenByDefault: instance.operator.hiddenByDefault,
          },
  };
}

function networkInterface(
  instance: Instance,
  ownerId: string,
  privateDnsName: string,
  groupSet: readonly Shape[],
): Shape {
  const { state, launchedAt } = instance;
  const resources = hardwareOf(instance);
  const privateIpAddress = resources.address;
  return {
    networkInterfaceId: resources.interfaceId,
    subnetId: resources.subnetId,
    vpcId: resources.vpcId,
    description: '',
    ownerId,
    status: 'in-use',
    macAddress: resources.mac,
    privateIpAddress,
    privateDnsName,
    sourceDestCheck: true,
    interfaceType: 'interface',
    groupSet,
    attachment: {
      attachmentId: resources.attachmentId,
      deviceIndex: 0,
      networkCardIndex: 0,
      status: state === 'pending' ? 'attaching' : 'attached',
      attachTime: new Date(launchedAt),
      deleteOnTermination: true,
    },
    privateIpAddressesSet: [{ privateIpAddress, privateDnsName, primary: true }],
    ipv6AddressesSet: [],
    tagSet: [],
    operator: { managed: false },
  };
}

const rootVolume = (instance: Instance): Shape => ({
  deviceName: '/dev/xvda',
  ebs: {
    volumeId: hardwareOf(instance).volumeId,
    status: 'attached',
    attachTime: new Date(instance.launchedAt),
    deleteOnTermination: true,
  },
});

/** Ids and addresses of the resources of an instance. They follow from its id and are computed once. */
interface Hardware {
  readonly address: string;
  readonly mac: string;
  readonly interfaceId: string;
  readonly attachmentId: string;
  readonly volumeId: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly groupId: string;
  readonly profileId: string;
}

const ID_DIGITS = 17;
const DIGITS = 64;

/** The VPC of the instances and NAT gateways of a region. */
export const vpcOf = (region: string): string =>
  `vpc-${hexOf(DIGITS, region, 'network').slice(ID_DIGITS, 2 * ID_DIGITS)}`;

const hardware = new WeakMap<Instance, Hardware>();

function hardwareOf(instance: Instance): Hardware {
  const known = hardware.get(instance);
  if (known !== undefined) return known;
  const { id, region, subnetId, profileArn } = instance;
  // All ids are parts of two digests, because fleets of tens of thousands are described.
  const [own, shared] = [hexOf(DIGITS, id, 'hardware'), hexOf(DIGITS, region, 'network')];
  const cut = (digits: string, place: number) => digits.slice(place * ID_DIGITS, (place + 1) * ID_DIGITS);
  const mac = own.slice(-10);
  const made: Hardware = {
    address: `10.0.${parseInt(mac.slice(0, 2), 16)}.${parseInt(mac.slice(2, 4), 16)}`,
    mac: `06:${mac.replace(/..(?!$)/g, '$&:')}`,
    interfaceId: `eni-${cut(own, 0)}`,
    attachmentId: `eni-attach-${cut(own, 1)}`,
    volumeId: `vol-${cut(own, 2)}`,
    subnetId: subnetId ?? `subnet-${cut(shared, 0)}`,
    vpcId: vpcOf(region),
    groupId: `sg-${cut(shared, 2)}`,
    profileId: profileArn === undefined ? '' : `AIPA${hexOf(ID_DIGITS, profileArn).toUpperCase()}`,
  };
  hardware.set(instance, made);
  return made;
}
