import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import {
  type Advice,
  findCaller,
  hopLimitNote,
  prevention,
  rollbackCommand,
  undo,
  withdraw,
} from '../../lambda/core/advice.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import { NOW, snapshot, type SnapshotChange, target } from '../support/builders.ts';
import { hostileText, INVISIBLE, NASTY } from '../support/hostile.ts';

const here = target();

const prevent = (tags: Readonly<Record<string, string>>, given: SnapshotChange = {}): Advice => {
  const from = snapshot({ ...given, tags });
  return prevention(here, launchSourceOf(from.tags), from);
};

const TEMPLATE = { 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718', 'aws:ec2launchtemplate:version': '7' };

describe('undo', () => {
  test('the exemption is written before the option is put back, or putting it back would trigger us', () => {
    expect(undo(here, NOW, 90)).toEqual({
      text: 'Allows IMDSv1 again and exempts the instance until 2026-12-06, so that it is left alone.',
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
  ])('a horizon of %i days → until %s', (horizon, until) => {
    expect(undo(here, NOW, horizon).commands[0]).toContain(`Key=imdsv2:exempt-until,Value=${until} `);
  });
});

test('the line that undoes a change by itself names the instance, the days and a reason to be filled in', () => {
  const line = (horizon: number) => rollbackCommand('eu-west-1', 'i-0a1b2c3d4e5f60718', horizon);
  expect(line(90)).toBe("imdsv2 rollback i-0a1b2c3d4e5f60718 --region eu-west-1 --for 14d --reason '...'");
  expect(line(7)).toContain(' --for 7d ');
});

test('an exemption is taken back by the key of its tag, for a value would have to be the right one', () => {
  expect(withdraw(here).commands).toEqual([
    'aws ec2 delete-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until',
  ]);
});

describe('prevention', () => {
  test('nothing launched it that we know → the default of the region', () => {
    expect(prevent({ Name: 'web' })).toEqual({
      text: 'Make IMDSv2 the default for what is launched in this region, and launch with --metadata-options HttpTokens=required.',
      commands: ['aws ec2 modify-instance-metadata-defaults --region eu-west-1 --http-tokens required'],
    });
  });

  test('a launch template → a version that requires tokens and keeps the hop limit', () => {
    expect(prevent(TEMPLATE, { options: { HttpPutResponseHopLimit: 3 } })).toEqual({
      text: 'Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: make a version that does not, and launch from that.',
      commands: [
        `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":3}}'`,
      ],
    });
  });

  test('an Auto Scaling group with a launch template → the version, and the group is given it', () => {
    expect(prevent({ ...TEMPLATE, 'aws:autoscaling:groupName': "kim's web" })).toEqual({
      text: "Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: make a version that does not, and give it to Auto Scaling group kim's web.",
      commands: [
        `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
        `aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'kim'\\''s web' --launch-template 'LaunchTemplateId=lt-0a1b2c3d4e5f60718,Version=$Latest'`,
      ],
    });
  });

  test('what else the instance has stays in the new version, because MetadataOptions are inherited as a whole', () => {
    const options = { HttpProtocolIpv6: 'enabled', InstanceMetadataTags: 'enabled' };
    expect(prevent(TEMPLATE, { options }).commands[0]).toContain(
      '"HttpPutResponseHopLimit":1,"HttpProtocolIpv6":"enabled","InstanceMetadataTags":"enabled"}}',
    );
  });

  test.each(['https://evil.example/x', 'WWW.evil.example'])(
    'a name that mail would make a link of is left out: %s',
    (name) => {
      const [command] = prevent({ 'elasticbeanstalk:environment-id': name }).commands;
      expect(command).toContain("--environment-id '...' --option-settings");
    },
  );

  test('a template without a version, a hop limit that was not stated → the defaults', () => {
    const options = { HttpPutResponseHopLimit: undefined };
    expect(prevent({ 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d' }, { options }).commands).toEqual([
      `aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d' --source-version '$Default' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
    ]);
  });

  test('an Auto Scaling group without a template → it needs one', () => {
    expect(prevent({ 'aws:autoscaling:groupName': 'web' })).toEqual({
      text: 'Auto Scaling group web has no launch template: give it one with MetadataOptions HttpTokens=required.',
      commands: [],
    });
  });

  test('a CloudFormation stack → its resource', () => {
    expect(prevent({ 'aws:cloudformation:stack-name': 'shop', 'aws:cloudformation:logical-id': 'WebServer' })).toEqual({
      text: 'CloudFormation stack shop, resource WebServer: set MetadataOptions HttpTokens: required in its template.',
      commands: [],
    });
  });

  test('a stack whose resource is not named → says so', () => {
    expect(prevent({ 'aws:cloudformation:stack-name': 'shop' }).text).toMatch(
      /^CloudFormation stack shop, resource \?: /,
    );
  });

  test('an EKS node group → the template that it names, not the copy that EKS made', () => {
    const advice = prevent({ ...TEMPLATE, 'aws:autoscaling:groupName': 'eks-blue', 'eks:nodegroup-name': 'blue' });
    expect(advice.commands).toEqual([]);
    expect(advice.text).toMatch(
      /^EKS node group blue launches its instances: .*HttpPutResponseHopLimit=2.*not in the copy/,
    );
  });

  test('Beanstalk → its own option, though an Auto Scaling group and a stack are behind it', () => {
    const tags = {
      ...TEMPLATE,
      'aws:autoscaling:groupName': 'awseb-e-abcdefghij',
      'aws:cloudformation:stack-name': 'awseb-e-abcdefghij-stack',
      'elasticbeanstalk:environment-name': 'shop-env',
      'elasticbeanstalk:environment-id': 'e-abcdefghij',
    };
    expect(prevent(tags)).toEqual({
      text: 'Beanstalk environment shop-env launches its instances: switch IMDSv1 off in its options.',
      commands: [
        "aws elasticbeanstalk update-environment --region eu-west-1 --environment-id 'e-abcdefghij' --option-settings Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true",
      ],
    });
  });
});

test('an unknown caller → the CloudTrail line that finds out', () => {
  expect(findCaller(here).text).toMatch(
    /^The event that led here does not say who\. .* about 15 minutes of the call:$/,
  );
  expect(findCaller(here).commands).toEqual([
    "aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-0a1b2c3d4e5f60718 --query 'Events[].[EventTime,EventName,Username]' --output table",
  ]);
});

describe('hop limit', () => {
  const container = { AmazonECSManaged: '' };
  test('a container host with hop limit 1 → how to raise it, touching nothing else', () => {
    const note = hopLimitNote(here, snapshot({ tags: container }));
    expect(note?.text).toMatch(
      /^Once tokens are required, containers on this host cannot reach IMDS: .* If they need IMDS:$/,
    );
    expect(note?.commands).toEqual([
      'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-put-response-hop-limit 2 --http-endpoint enabled',
    ]);
  });

  test.each<readonly [string, SnapshotChange]>([
    ['no container host', {}],
    ['a hop limit of 2', { tags: container, options: { HttpPutResponseHopLimit: 2 } }],
    ['a hop limit that was not stated', { tags: container, options: { HttpPutResponseHopLimit: undefined } }],
  ])('%s → no note', (_, given) => {
    expect(hopLimitNote(here, snapshot(given))).toBeUndefined();
  });
});

describe('names that strangers chose', () => {
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

  test('every command is the words that it shows, to a real shell', () => {
    const name = (text: string) => ({ ...TEMPLATE, 'aws:autoscaling:groupName': text });
    const texts = [...NASTY, ...fc.sample(hostileText(), 300)];
    const commands = texts.map((text) => prevent(name(text)).commands.at(-1) ?? '');
    // `aws` is a function here that writes each of its words; what broke out of its word would shift the rest.
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

  test('whatever the tags say, words and commands stay on one line and hold no link', () => {
    fc.assert(
      fc.property(hostileTags, (tags) => {
        const { text, commands } = prevent(tags);
        for (const shown of [text, ...commands]) expect(shown).not.toMatch(INVISIBLE);
        for (const shown of [text, ...commands]) expect(shown).not.toMatch(/:\/\/|www\./i);
      }),
    );
  });
});
