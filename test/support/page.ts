import { Readable } from 'node:stream';
import { EC2Client } from '@aws-sdk/client-ec2';
import { withPageReader } from '../../lambda/adapters/describe-instances-reader.ts';
import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import type { FailureError } from '../../lambda/core/failure.ts';
import { REGION } from './builders.ts';

/** What EC2 answers, in pieces as they arrive. */
export interface PageAnswer {
  readonly status?: number;
  readonly chunks: readonly (Uint8Array | 'reset')[];
}

/** A client with prepared answers, and how many of them the SDK's own parser has read for it. */
export function answered() {
  let next: PageAnswer = { chunks: [] };
  let parsedBySdk = 0;
  const client = new EC2Client({
    region: REGION,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    maxAttempts: 1,
    utf8Encoder: (bytes) => {
      parsedBySdk += 1;
      return Buffer.from(bytes).toString();
    },
    requestHandler: {
      handle: () => {
        const { status = 200, chunks } = next;
        const body = Readable.from(arriving(chunks), { objectMode: false });
        return Promise.resolve({ response: { statusCode: status, headers: { 'x-amzn-requestid': 'r-1' }, body } });
      },
    },
  });
  return {
    client,
    answer: (answer: PageAnswer) => {
      next = answer;
      parsedBySdk = 0;
    },
    parsedBySdk: () => parsedBySdk,
  };
}

function* arriving(chunks: PageAnswer['chunks']) {
  for (const chunk of chunks) {
    if (chunk === 'reset') throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    yield chunk;
  }
}

const [reading, plain] = [answered(), answered()];
withPageReader(reading.client);

/** What becomes of an answer with the reader and with the SDK alone, and whether the reader left it to the SDK's parser. */
export async function outcomes(answer: PageAnswer) {
  reading.answer(answer);
  plain.answer(answer);
  return {
    ours: await outcome(reading.client),
    sdk: await outcome(plain.client),
    leftToSdk: reading.parsedBySdk() > 0,
  };
}

async function outcome(client: EC2Client) {
  try {
    return await ec2Fleet(() => client).page(REGION, []);
  } catch (error) {
    const { kind, message } = error as FailureError;
    return { kind, message };
  }
}

/** Bytes in pieces of a size. */
export function inPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/**
 * A page as EC2 writes it: two reservations, of which one instance is stopped, with everything that is not read around it.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html#API_DescribeInstances_Examples
 */
export const PAGE = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>8f7724cf-496f-496e-8fe3-example0001</requestId>
    <reservationSet>
        <item>
            <reservationId>r-0a1b2c3d4e5f60701</reservationId>
            <ownerId>111122223333</ownerId>
            <groupSet/>
            <instancesSet>
                <item>
                    <instanceId>i-0a1b2c3d4e5f60711</instanceId>
                    <imageId>ami-0a1b2c3d4e5f60721</imageId>
                    <instanceState>
                        <code>16</code>
                        <name>running</name>
                    </instanceState>
                    <privateDnsName>ip-10-0-0-11.eu-west-1.compute.internal</privateDnsName>
                    <dnsName></dnsName>
                    <reason/>
                    <keyName>operations</keyName>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <productCodes/>
                    <instanceType>m7g.large</instanceType>
                    <launchTime>2026-03-02T09:10:11.000Z</launchTime>
                    <placement>
                        <availabilityZone>eu-west-1a</availabilityZone>
                        <groupName/>
                        <tenancy>default</tenancy>
                    </placement>
                    <monitoring>
                        <state>disabled</state>
                    </monitoring>
                    <subnetId>subnet-0a1b2c3d4e5f60731</subnetId>
                    <vpcId>vpc-0a1b2c3d4e5f60741</vpcId>
                    <ipAddress>203.0.113.7</ipAddress>
                    <privateIpAddress>10.0.0.11</privateIpAddress>
                    <sourceDestCheck>true</sourceDestCheck>
                    <groupSet>
                        <item>
                            <groupId>sg-0a1b2c3d4e5f60751</groupId>
                            <groupName>web &lt;public&gt;</groupName>
                        </item>
                    </groupSet>
                    <architecture>arm64</architecture>
                    <rootDeviceType>ebs</rootDeviceType>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <blockDeviceMapping>
                        <item>
                            <deviceName>/dev/xvda</deviceName>
                            <ebs>
                                <volumeId>vol-0a1b2c3d4e5f60761</volumeId>
                                <status>attached</status>
                                <attachTime>2026-01-01T00:00:01.000Z</attachTime>
                                <deleteOnTermination>true</deleteOnTermination>
                            </ebs>
                        </item>
                        <item>
                            <deviceName>/dev/sdf</deviceName>
                            <ebs>
                                <attachTime>2026-02-01T00:00:01Z</attachTime>
                            </ebs>
                        </item>
                    </blockDeviceMapping>
                    <virtualizationType>hvm</virtualizationType>
                    <clientToken>7d0b3f52-6c1e-4a58</clientToken>
                    <tagSet>
                        <item>
                            <key>Name</key>
                            <value>web &amp; api &#39;blue&#x27; &quot;1&quot; – größer 🚀</value>
                        </item>
                        <item>
                            <key>aws:autoscaling:groupName</key>
                            <value>checkout-production-workers</value>
                        </item>
                        <item>
                            <key>empty</key>
                            <value/>
                        </item>
                    </tagSet>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet>
                        <item>
                            <networkInterfaceId>eni-0a1b2c3d4e5f60771</networkInterfaceId>
                            <attachment>
                                <attachmentId>eni-attach-0a1b2c3d4e5f60781</attachmentId>
                                <deviceIndex>1</deviceIndex>
                                <attachTime>2026-02-03T04:05:06.000Z</attachTime>
                            </attachment>
                            <association>
                                <publicIp>203.0.113.7</publicIp>
                                <publicDnsName/>
                            </association>
                            <ipv6AddressesSet>
                                <item>
                                    <ipv6Address>2001:db8::7</ipv6Address>
                                </item>
                            </ipv6AddressesSet>
                            <tagSet>
                                <item>
                                    <key>not</key>
                                    <value>of the instance</value>
                                </item>
                            </tagSet>
                            <operator>
                                <managed>true</managed>
                            </operator>
                        </item>
                        <item>
                            <networkInterfaceId>eni-0a1b2c3d4e5f60772</networkInterfaceId>
                            <attachment>
                                <deviceIndex>0</deviceIndex>
                                <status>attached</status>
                                <attachTime>2026-01-01T00:00:00.000Z</attachTime>
                            </attachment>
                        </item>
                    </networkInterfaceSet>
                    <iamInstanceProfile>
                        <arn>arn:aws:iam::111122223333:instance-profile/web</arn>
                        <id>AIPAEXAMPLE0000000001</id>
                    </iamInstanceProfile>
                    <metadataOptions>
                        <state>applied</state>
                        <httpTokens>optional</httpTokens>
                        <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                        <httpEndpoint>enabled</httpEndpoint>
                        <httpProtocolIpv6>disabled</httpProtocolIpv6>
                        <instanceMetadataTags>disabled</instanceMetadataTags>
                    </metadataOptions>
                    <operator>
                        <managed>false</managed>
                    </operator>
                </item>
            </instancesSet>
        </item>
        <item>
            <reservationId>r-0a1b2c3d4e5f60702</reservationId>
            <instancesSet>
                <item>
                    <instanceId>i-0a1b2c3d4e5f60712</instanceId>
                    <instanceState>
                        <code>80</code>
                        <name>stopped</name>
                    </instanceState>
                    <launchTime>2026-03-02T09:10:11.123Z</launchTime>
                    <blockDeviceMapping/>
                    <tagSet/>
                    <networkInterfaceSet></networkInterfaceSet>
                    <metadataOptions/>
                    <operator>
                        <managed>true</managed>
                        <principal>eks.amazonaws.com</principal>
                    </operator>
                </item>
            </instancesSet>
        </item>
    </reservationSet>
    <nextToken>eyJ2IjoiMiIsImMiOiJleGFtcGxlIn0=</nextToken>
</DescribeInstancesResponse>
`;
