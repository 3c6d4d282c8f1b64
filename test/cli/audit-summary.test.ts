import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { toRow } from '../../cli/audit/row.ts';
import { Shortlist } from '../../cli/audit/shortlist.ts';
import { prevention } from '../../lambda/core/prevention/advice.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { instanceId, NOW, REGION, snapshot } from '../support/builders.ts';

const REQUIRED = { HttpTokens: 'required' };

describe('launch sources', () => {
  const asg = { 'aws:autoscaling:groupName': 'web' };
  const template = (version: string) => ({
    'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718',
    'aws:ec2launchtemplate:version': version,
  });

  test.each([
    [{ beanstalkEnvironmentId: 'e-1', autoScalingGroup: 'g', stackName: 's' }, 'beanstalk-environment', 'e-1'],
    [{ eksCluster: 'c', eksNodegroup: 'n', launchTemplateId: 'lt-1' }, 'eks-nodegroup', 'c/n'],
    [
      { autoScalingGroup: 'g', launchTemplateId: 'lt-1', launchTemplateVersion: '3' },
      'auto-scaling-group',
      'g, launch template lt-1 version 3',
    ],
    [{ launchTemplateId: 'lt-1' }, 'launch-template', 'lt-1 version $Default'],
    [{ autoScalingGroup: 'g', stackName: 's' }, 'cloudformation-stack', 's'],
    [{ stackName: 's', stackLogicalId: 'Web' }, 'cloudformation-stack', 's'],
    [{ eksCluster: 'c', eksNodegroup: 'n', stackName: 'eksctl-c' }, 'eks-nodegroup', 'c/n'],
    [{ eksCluster: 'c', karpenterNodeClass: 'gpu', karpenterNodePool: 'p' }, 'karpenter-node-class', 'c/gpu'],
    [{ karpenterNodePool: 'p' }, 'karpenter-node-class', 'p'],
    [{ eksCluster: 'c', autoScalingGroup: 'g' }, 'eks-self-managed', 'c/g'],
    [{ eksCluster: 'c', autoScalingGroup: 'g', stackName: 's' }, 'cloudformation-stack', 's'],
    [{ batchComputeEnvironment: 'nightly', autoScalingGroup: 'g' }, 'batch-compute-environment', 'nightly'],
    [{ batchComputeEnvironment: '', autoScalingGroup: 'g' }, 'batch-compute-environment', 'g'],
    [{ emrCluster: 'j-1' }, 'emr-cluster', 'j-1'],
    [{ parallelCluster: 'hpc', launchTemplateId: 'lt-1' }, 'parallelcluster', 'hpc'],
    [{ imageBuilder: 'arn:1' }, 'image-builder', 'arn:1'],
    [{ packer: 'Packer Builder' }, 'packer', ''],
    [{ ecsCluster: 'tasks', autoScalingGroup: 'g' }, 'ecs-cluster', 'tasks'],
    [{ spotFleetRequestId: 'sfr-1', launchTemplateId: 'lt-1' }, 'spot-fleet', 'sfr-1'],
    [{ fleetId: 'fleet-1' }, 'none', ''],
  ])('%j has the kind %s', (launchSource, kind, name) => {
    expect(launchSourceGroupOf(launchSource)).toMatchObject({ kind, name });
  });

  test('differ by group, template version and region', () => {
    const rows = [
      auditRow({ instanceId: instanceId(1), tags: { ...asg, ...template('1') } }),
      auditRow({ instanceId: instanceId(2), tags: { ...asg, ...template('1') } }),
      auditRow({ instanceId: instanceId(3), tags: { ...asg, ...template('2') } }),
      auditRow({ instanceId: instanceId(4), tags: { ...asg, ...template('1') } }, 'us-east-1'),
    ];
    const { launchSources } = auditOf(rows, new Map(), [REGION, 'us-east-1']);
    expect(launchSources.map(({ region, compliance }) => [region, compliance.instances])).toEqual([
      [REGION, 2],
      [REGION, 1],
      ['us-east-1', 1],
    ]);
  });

  test('have the fix of the alerts if there are findings, and are sorted by findings', () => {
    const rows = [
      auditRow({ instanceId: instanceId(1), options: REQUIRED, tags: { 'aws:cloudformation:stack-name': 'a' } }),
      auditRow({ instanceId: instanceId(2), tags: asg }),
      auditRow({ instanceId: instanceId(3), options: { HttpPutResponseHopLimit: 3 }, tags: template('7') }),
      auditRow({ instanceId: instanceId(4), tags: template('7') }),
    ];
    const { launchSources } = auditOf(rows);
    const launchSource = { launchTemplateId: 'lt-0a1b2c3d4e5f60718', launchTemplateVersion: '7' };
    expect(launchSources.map(({ kind }) => kind)).toEqual([
      'launch-template',
      'auto-scaling-group',
      'cloudformation-stack',
    ]);
    expect(launchSources[0]?.fix).toEqual(prevention({ region: REGION }, launchSource, false));
    expect(launchSources[0]?.examples).toEqual([instanceId(3), instanceId(4)]);
    expect(launchSources[2]?.fix).toBeUndefined();
  });

  test('are sorted by findings before instances', () => {
    const fine = [1, 2, 3].map((number) => auditRow({ instanceId: instanceId(number), options: REQUIRED, tags: asg }));
    const { launchSources } = auditOf([...fine, auditRow({ instanceId: instanceId(4), tags: template('7') })]);
    expect(launchSources.map(({ compliance }) => [compliance.findings, compliance.instances])).toEqual([
      [1, 1],
      [0, 3],
    ]);
  });

  test('treat a stack as one, and name its resources with findings in the fix', () => {
    const ofStack = (number: number, options = {}) =>
      auditRow({
        instanceId: instanceId(number),
        options,
        tags: { 'aws:cloudformation:stack-name': 'shop', 'aws:cloudformation:logical-id': `Web${number}` },
      });
    const fine = ofStack(9, REQUIRED);
    const few = auditOf([fine, ofStack(1), ofStack(2)]).launchSources;
    expect(few).toHaveLength(1);
    expect(few[0]?.fix?.text).toContain('stack shop, resource Web1, Web2: set');
    const many = auditOf([1, 2, 3, 4, 5].map((number) => ofStack(number))).launchSources;
    expect(many[0]?.fix?.text).toContain('resource Web1, Web2, Web3 and others: set');
    expect(many[0]?.examples).toEqual([1, 2, 3].map(instanceId));
  });
});

describe('rows', () => {
  test('leave out terminated instances', () => {
    expect(toRow(snapshot({ state: 'terminated' }), REGION, 90, NOW)).toBeUndefined();
  });

  test.each([
    [{ tags: { 'imdsv2:exempt-until': '2026-12-01', 'imdsv2:exempt-reason': 'agent' } }, 'exempt', 'active'],
    [{ tags: { 'imdsv2:exempt-until': '2026-11-21' } }, 'non-compliant', 'expired'],
    [{ tags: { 'imdsv2:exempt-until': 'soon' } }, 'non-compliant', 'malformed'],
    [{ tags: { 'imdsv2:exempt-until': '2030-01-01' } }, 'non-compliant', 'exceeds-maximum'],
    [{ options: REQUIRED, tags: { 'imdsv2:exempt-until': 'soon' } }, 'compliant', 'malformed'],
    [{ options: { ...REQUIRED, State: 'pending' } }, 'pending', 'none'],
    [{ options: { HttpTokens: undefined } }, 'unreadable', 'none'],
  ])('%j has the verdict %s and the exemption %s', (change, verdict, kind) => {
    expect(auditRow(change)).toMatchObject({ verdict, exemption: { kind } });
  });
});

test('counts the instances of a region read before an error, and keeps the error', () => {
  const { byRegion, total } = auditOf([auditRow()], new Map([['us-east-1', 'denied']]), [REGION, 'us-east-1']);
  expect(byRegion.map(({ region, compliance, error }) => [region, compliance.instances, error])).toEqual([
    [REGION, 1, undefined],
    ['us-east-1', 0, 'denied'],
  ]);
  expect(total.counts['non-compliant']).toBe(1);
});

test('Shortlist keeps the first items and counts the others', () => {
  const list = new Shortlist<number>(3, (a, b) => a - b);
  for (const number of [5, 9, 1, 7, 3, 8, 2, 6, 4]) list.add(number);
  expect([list.first, list.more]).toEqual([[1, 2, 3], 6]);
});
