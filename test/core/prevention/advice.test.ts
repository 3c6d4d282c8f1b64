import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import type { Advice } from '../../../lambda/core/advice.ts';
import { LAUNCH_SOURCE_KINDS, launchSourceOf } from '../../../lambda/core/launch-source.ts';
import { prevention } from '../../../lambda/core/prevention/advice.ts';
import { CONTAINER_KINDS } from '../../../lambda/core/prevention/code-forms.ts';
import { clean } from '../../../lambda/core/text.ts';
import { SAMPLE_TAGS } from '../../../tools/docs/launch-sources-table.ts';
import { target } from '../../support/builders.ts';
import { hostileText, INVISIBLE, NASTY } from '../../support/hostile.ts';

const instance = target();

const prevent = (tags: Readonly<Record<string, string>>): Advice =>
  prevention(instance, launchSourceOf(new Map(Object.entries(tags))), false);

const TEMPLATE = { 'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718', 'aws:ec2launchtemplate:version': '7' };

describe('prevention()', () => {
  test.each([
    [{}, 'what refers to it'],
    [{ 'aws:autoscaling:groupName': "kim's web" }, "Auto Scaling group kim's web"],
  ])('of a template is the command that reads what refers to it, whatever its form: %j', (tags, moved) => {
    expect(prevent({ ...TEMPLATE, ...tags })).toMatchObject({
      text: `Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: create a version that requires IMDSv2, and move ${moved} to it, as this command does after a question.`,
      commands: ["imdsv2 prevent templates --region eu-west-1 --template 'lt-0a1b2c3d4e5f60718'"],
    });
  });

  test('no command creates a version or updates a group: that would change more than metadata options', () => {
    const every = LAUNCH_SOURCE_KINDS.flatMap((kind) => prevent(SAMPLE_TAGS[kind]).commands);
    expect(every.length).toBeGreaterThan(4);
    for (const command of every)
      expect(command).not.toMatch(/update-auto-scaling-group|create-launch-template-version/);
  });

  test('advises the default of the region if the launch source is unknown', () => {
    expect(prevent({ Name: 'web' })).toMatchObject({
      text: 'Make IMDSv2 the default for launches in this region, and launch with --metadata-options HttpTokens=required.',
      commands: ['imdsv2 prevent defaults --region eu-west-1'],
    });
  });

  test.each(['https://evil.example/x', 'WWW.evil.example'])(
    'omits a name that a mail program would turn into a link: %s',
    (name) => {
      const [command] = prevent({ 'elasticbeanstalk:environment-id': name }).commands;
      expect(command).toContain("--environment-id '...' --option-settings");
    },
  );

  test('advises a launch template for an Auto Scaling group without one', () => {
    expect(prevent({ 'aws:autoscaling:groupName': 'web' })).toMatchObject({
      text: expect.stringMatching(/^Auto Scaling group web names no launch template, .* create a launch template/),
      commands: [],
    });
  });

  test('names the resource of a CloudFormation stack', () => {
    expect(
      prevent({ 'aws:cloudformation:stack-name': 'shop', 'aws:cloudformation:logical-id': 'WebServer' }),
    ).toMatchObject({
      text: 'CloudFormation stack shop, resource WebServer: set MetadataOptions HttpTokens: required in its template.',
      commands: [],
    });
  });

  test('names a CloudFormation stack without its resource if that is unknown', () => {
    expect(prevent({ 'aws:cloudformation:stack-name': 'shop' }).text).toMatch(/^CloudFormation stack shop: /);
  });

  test.each(LAUNCH_SOURCE_KINDS)('names the hop limit of 2 in code exactly where containers run: %s', (kind) => {
    const { text, inCode = {} } = prevent(SAMPLE_TAGS[kind]);
    const runsContainers = CONTAINER_KINDS.includes(kind);
    const names = /hop_?limit\W+(is|=)?\W*2/i;
    for (const form of Object.values(inCode)) expect([form, names.test(form)]).toEqual([form, runsContainers]);
    if (Object.keys(inCode).length === 0 && runsContainers) expect(text).toMatch(names);
    for (const form of Object.values(
      prevention(instance, launchSourceOf(new Map(Object.entries(SAMPLE_TAGS[kind]))), true).inCode ?? {},
    )) {
      if (/metadata_?options/i.test(form) && !['image-builder', 'emr-cluster'].includes(kind))
        expect(form).toMatch(names);
    }
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
    expect(prevent({ ...TEMPLATE, ...tags })).toMatchObject({ text: expect.stringMatching(text), commands: [] });
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
    expect(prevent(tags)).toMatchObject({
      text: 'Beanstalk environment shop-env launches its instances: disable IMDSv1 in its options.',
      commands: [
        "aws elasticbeanstalk update-environment --region eu-west-1 --environment-id 'e-abcdefghij' --option-settings Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true",
      ],
    });
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
    const name = (text: string) => ({ 'aws:ec2launchtemplate:id': text });
    const texts = [...NASTY, ...fc.sample(hostileText(), 300)];
    const commands = texts.map((text) => prevent(name(text)).commands.at(-1) ?? '');
    // `imdsv2` is a function that prints its words. A text that broke out of its quotes would shift the words after it.
    const script = `imdsv2() { printf '%s\\0' "$@"; }\n${commands.join('\n')}\n`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(words).toEqual(
      texts.flatMap((text) => [
        'prevent',
        'templates',
        '--region',
        'eu-west-1',
        '--template',
        /:\/\/|www\./i.test(clean(text, 1000)) ? '...' : clean(text, 256),
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
