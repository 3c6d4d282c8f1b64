import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import {
  type Advice,
  findCaller,
  hopLimitNote,
  prevention,
  revocation,
  rollbackCommand,
  undo,
} from '../../lambda/core/advice.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import { NOW, snapshot, type SnapshotChange, target } from '../support/builders.ts';
import { hostileText, INVISIBLE, NASTY } from '../support/hostile.ts';

const instance = target();

const prevent = (tags: Readonly<Record<string, string>>, given: SnapshotChange = {}): Advice => {
  const from = snapshot({ ...given, tags });
  return prevention(instance, launchSourceOf(from.tags), from);
};

const TEMPLATE = { 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718', 'aws:ec2launchtemplate:version': '7' };

describe('undo()', () => {
  test('sets the exemption before it re-enables IMDSv1, so that this is not reverted as drift', () => {
    expect(undo(instance, NOW, 90)).toEqual({
      text: 'Re-enables IMDSv1 and exempts the instance until 2026-12-06, so that it is not remediated again.',
      commands: [
        "aws ec2 create-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until,Value=2026-12-06 Key=imdsv2:exempt-reason,Value='...'",
        'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-tokens optional --http-endpoint enabled',
      ],
    });
  });

  test.each([
    [3650, '2026-12-06'],
    [14, '2026-12-06'],
    [13, '2026-12-05'],
    [1, '2026-11-23'],
  ])('exempts for at most 14 days and the maximum of %i days: until %s', (maxDays, until) => {
    expect(undo(instance, NOW, maxDays).commands[0]).toContain(`Key=imdsv2:exempt-until,Value=${until} `);
  });
});

test('rollbackCommand() names the instance, the days and a placeholder for the reason', () => {
  const line = (maxDays: number) => rollbackCommand('eu-west-1', 'i-0a1b2c3d4e5f60718', maxDays);
  expect(line(90)).toBe("imdsv2 rollback i-0a1b2c3d4e5f60718 --region eu-west-1 --for 14d --reason '...'");
  expect(line(7)).toContain(' --for 7d ');
});

test('revocation() names only the key of the tag, because a value would have to match', () => {
  expect(revocation(instance).commands).toEqual([
    'aws ec2 delete-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until',
  ]);
});

describe('prevention()', () => {
  test('advises the default of the region if the launch source is unknown', () => {
    expect(prevent({ Name: 'web' })).toEqual({
      text: 'Make IMDSv2 the default for launches in this region, and launch with --metadata-options HttpTokens=required.',
      commands: ['aws ec2 modify-instance-metadata-defaults --region eu-west-1 --http-tokens required'],
    });
  });

  test('advises a launch template version that requires IMDSv2 and keeps the hop limit', () => {
    expect(prevent(TEMPLATE, { options: { HttpPutResponseHopLimit: 3 } })).toEqual({
      text: 'Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: create a version that requires IMDSv2, and launch from it.',
      commands: [
        `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":3}}'`,
      ],
    });
  });

  test('advises to assign that version to the Auto Scaling group', () => {
    expect(prevent({ ...TEMPLATE, 'aws:autoscaling:groupName': "kim's web" })).toEqual({
      text: "Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: create a version that requires IMDSv2, and assign it to Auto Scaling group kim's web.",
      commands: [
        `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
        `aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'kim'\\''s web' --launch-template 'LaunchTemplateId=lt-0a1b2c3d4e5f60718,Version=$Latest'`,
      ],
    });
  });

  test('keeps the other options in the new version, because MetadataOptions is inherited as a whole', () => {
    const options = { HttpProtocolIpv6: 'enabled', InstanceMetadataTags: 'enabled' };
    expect(prevent(TEMPLATE, { options }).commands[0]).toContain(
      '"HttpPutResponseHopLimit":1,"HttpProtocolIpv6":"enabled","InstanceMetadataTags":"enabled"}}',
    );
  });

  test.each(['https://evil.example/x', 'WWW.evil.example'])(
    'omits a name that a mail program would turn into a link: %s',
    (name) => {
      const [command] = prevent({ 'elasticbeanstalk:environment-id': name }).commands;
      expect(command).toContain("--environment-id '...' --option-settings");
    },
  );

  test('uses defaults for an unknown template version and hop limit', () => {
    const options = { HttpPutResponseHopLimit: undefined };
    expect(prevent({ 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d' }, { options }).commands).toEqual([
      `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d' --source-version '$Default' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
    ]);
  });

  test('advises a launch template for an Auto Scaling group without one', () => {
    expect(prevent({ 'aws:autoscaling:groupName': 'web' })).toEqual({
      text: 'Auto Scaling group web names no launch template: create one with MetadataOptions HttpTokens=required, and assign it.',
      commands: [],
    });
  });

  test('names the resource of a CloudFormation stack', () => {
    expect(prevent({ 'aws:cloudformation:stack-name': 'shop', 'aws:cloudformation:logical-id': 'WebServer' })).toEqual({
      text: 'CloudFormation stack shop, resource WebServer: set MetadataOptions HttpTokens: required in its template.',
      commands: [],
    });
  });

  test('names a CloudFormation stack without its resource if that is unknown', () => {
    expect(prevent({ 'aws:cloudformation:stack-name': 'shop' }).text).toMatch(/^CloudFormation stack shop: /);
  });

  test.each([
    [{ 'kubernetes.io/cluster/prod': 'owned', 'aws:autoscaling:groupName': 'workers' }, 2],
    [{ AmazonECSManaged: '', 'aws:autoscaling:groupName': 'tasks' }, 2],
    [{ 'aws:autoscaling:groupName': 'web' }, 1],
  ])('advises a hop limit that containers need, and only them: %j', (tags, hopLimit) => {
    const [command] = prevent({ ...TEMPLATE, ...tags }, { options: { HttpPutResponseHopLimit: 1 } }).commands;
    expect(command).toContain(`"HttpPutResponseHopLimit":${hopLimit}`);
  });

  test.each([
    [{ 'karpenter.k8s.aws/ec2nodeclass': 'gpu' }, /^Karpenter node class gpu .*EC2NodeClass/],
    [{ AWSBatchServiceTag: 'batch', 'aws:autoscaling:groupName': 'nightly-asg' }, /^AWS Batch .* nightly-asg /],
    [{ 'aws:elasticmapreduce:job-flow-id': 'j-1' }, /^EMR cluster j-1 .*MinimumInstanceMetadataServiceVersion 2/],
    [{ 'parallelcluster:cluster-name': 'hpc' }, /^AWS ParallelCluster hpc .*ImdsSupport: v2.0/],
    [{ Ec2ImageBuilderArn: 'arn:aws:imagebuilder:1' }, /^EC2 Image Builder .*infrastructure configuration/],
    [{ Name: 'Packer Builder' }, /^A Packer build .*http_tokens = "required"/],
    [{ 'aws:ec2spot:fleet-request-id': 'sfr-1' }, /^Spot Fleet request sfr-1: /],
  ])('names what a person edits, never a generated copy: %j', (tags, text) => {
    expect(prevent({ ...TEMPLATE, ...tags })).toEqual({ text: expect.stringMatching(text), commands: [] });
  });

  test('names the launch template of an EKS node group, not the copy that EKS made', () => {
    const advice = prevent({ ...TEMPLATE, 'aws:autoscaling:groupName': 'eks-blue', 'eks:nodegroup-name': 'blue' });
    expect(advice.commands).toEqual([]);
    expect(advice.text).toMatch(
      /^EKS node group blue launches its instances: .*HttpPutResponseHopLimit=2.*not in the copy/,
    );
  });

  test('prefers the Beanstalk environment over its Auto Scaling group and stack', () => {
    const tags = {
      ...TEMPLATE,
      'aws:autoscaling:groupName': 'awseb-e-abcdefghij',
      'aws:cloudformation:stack-name': 'awseb-e-abcdefghij-stack',
      'elasticbeanstalk:environment-name': 'shop-env',
      'elasticbeanstalk:environment-id': 'e-abcdefghij',
    };
    expect(prevent(tags)).toEqual({
      text: 'Beanstalk environment shop-env launches its instances: disable IMDSv1 in its options.',
      commands: [
        "aws elasticbeanstalk update-environment --region eu-west-1 --environment-id 'e-abcdefghij' --option-settings Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true",
      ],
    });
  });
});

test('findCaller() is a CloudTrail lookup', () => {
  expect(findCaller(instance).text).toMatch(
    /^The event does not name the caller\. .* about 15 minutes after the call:$/,
  );
  expect(findCaller(instance).commands).toEqual([
    "aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-0a1b2c3d4e5f60718 --query 'Events[].[EventTime,EventName,Username]' --output table",
  ]);
});

describe('hopLimitNote()', () => {
  const container = { AmazonECSManaged: '' };
  test('shows how to raise the hop limit of 1 on a container host, and nothing else', () => {
    const note = hopLimitNote(instance, snapshot({ tags: container }));
    expect(note?.text).toMatch(
      /^Once IMDSv2 is required, containers on this host cannot reach IMDS, .* If they need IMDS:$/,
    );
    expect(note?.commands).toEqual([
      'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-put-response-hop-limit 2 --http-endpoint enabled',
    ]);
  });

  test.each<readonly [string, SnapshotChange]>([
    ['another host', {}],
    ['a hop limit of 2', { tags: container, options: { HttpPutResponseHopLimit: 2 } }],
    ['an unknown hop limit', { tags: container, options: { HttpPutResponseHopLimit: undefined } }],
  ])('is absent for %s', (_, given) => {
    expect(hopLimitNote(instance, snapshot(given))).toBeUndefined();
  });
});

describe('untrusted names', () => {
  const KEYS = [
    'aws:autoscaling:groupName',
    'aws:ec2launchtemplate:id',
    'aws:ec2launchtemplate:version',
    'aws:cloudformation:stack-name',
    'aws:cloudformation:logical-id',
    'eks:nodegroup-name',
    'elasticbeanstalk:environment-name',
    'elasticbeanstalk:environment-id',
  ] as const;
  const hostileTags = fc.dictionary(fc.constantFrom(...KEYS), hostileText());

  test('a shell reads every command as the words that it shows', () => {
    const name = (text: string) => ({ ...TEMPLATE, 'aws:autoscaling:groupName': text });
    const texts = [...NASTY, ...fc.sample(hostileText(), 300)];
    const commands = texts.map((text) => prevent(name(text)).commands.at(-1) ?? '');
    // `aws` is a function that prints its words. A text that broke out of its quotes would shift the words after it.
    const script = `aws() { printf '%s\\0' "$@"; }\n${commands.join('\n')}\n`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(words).toEqual(
      texts.flatMap((text) => [
        'autoscaling',
        'update-auto-scaling-group',
        '--region',
        'eu-west-1',
        '--auto-scaling-group-name',
        /:\/\/|www\./i.test(clean(text, 1000)) ? '...' : clean(text, 256),
        '--launch-template',
        'LaunchTemplateId=lt-0a1b2c3d4e5f60718,Version=$Latest',
      ]),
    );
  });

  test('texts and commands stay on one line and contain no link', () => {
    fc.assert(
      fc.property(hostileTags, (tags) => {
        const { text, commands } = prevent(tags);
        for (const shown of [text, ...commands]) expect(shown).not.toMatch(INVISIBLE);
        for (const shown of [text, ...commands]) expect(shown).not.toMatch(/:\/\/|www\./i);
      }),
    );
  });
});
