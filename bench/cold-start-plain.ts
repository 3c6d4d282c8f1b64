/** What `cold-start.ts` compares with: a handler on the plain SDK that changes what an event names, without a look at it. */
import { EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';

const ec2 = new EC2Client();

interface Launch {
  readonly detail: {
    readonly responseElements: { readonly instancesSet: { readonly items: { instanceId: string }[] } };
  };
}

export async function handler({ Records }: { readonly Records: readonly { readonly body: string }[] }): Promise<void> {
  for (const { body } of Records) {
    for (const { instanceId } of (JSON.parse(body) as Launch).detail.responseElements.instancesSet.items) {
      const change = { InstanceId: instanceId, HttpTokens: 'required', HttpEndpoint: 'enabled' } as const;
      await ec2.send(new ModifyInstanceMetadataOptionsCommand(change));
    }
  }
}
