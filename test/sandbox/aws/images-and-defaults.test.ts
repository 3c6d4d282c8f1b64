import {
  DescribeImagesCommand,
  GetInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataDefaultsCommand,
} from '@aws-sdk/client-ec2';
import { ec2Of, IMAGE, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

test('images are described with what they support, and a deregistered one neither described nor launched', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  const [v2, gone] = ['ami-0ff00ff00ff00ff00', 'ami-0dd00dd00dd00dd00'];
  sandbox.fleet().addImage(v2, { imdsSupport: 'v2.0' });
  sandbox.fleet().addImage(gone, { deregistered: true });
  const Filters = [{ Name: 'image-id', Values: [IMAGE, v2, gone] }];

  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Filters }));

  expect(Images.map(({ ImageId, ImdsSupport }) => [ImageId, ImdsSupport]).sort()).toEqual([
    [IMAGE, undefined],
    [v2, 'v2.0'],
  ]);
  expect(await refusal(ec2.send(new DescribeImagesCommand({ ImageIds: [gone] })))).toEqual([
    'InvalidAMIID.NotFound',
    400,
  ]);
  expect(await refusal(launch(ec2, { ImageId: gone }))).toEqual(['InvalidAMIID.NotFound', 400]);
});

test('a declarative policy sets the defaults, and the account cannot change them', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'optional' }));
  const policy = { defaults: { HttpTokens: 'required', HttpTokensEnforced: 'enabled' }, exceptionMessage: 'Ask us.' };
  sandbox.fleet().setDeclarativePolicy(policy);

  const { AccountLevel } = await ec2.send(new GetInstanceMetadataDefaultsCommand({}));
  expect(AccountLevel).toEqual({
    HttpTokens: 'required',
    HttpTokensEnforced: 'enabled',
    ManagedBy: 'declarative-policy',
    ManagedExceptionMessage: 'Ask us.',
  });
  const change = ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'optional' }));
  await expect(change).rejects.toThrow('Custom Message: Ask us.');
  expect(await refusal(launch(ec2, { MetadataOptions: { HttpTokens: 'optional' } }))).toEqual([
    'UnsupportedOperation',
    400,
  ]);
  sandbox.fleet().setDeclarativePolicy(undefined);
  expect(sandbox.fleet().defaults).toEqual({ HttpTokens: 'optional' });
});
