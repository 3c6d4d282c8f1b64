import { percent } from '../../cli/audit/labels.ts';
import { originGroupOf } from '../../cli/audit/launch-source-group.ts';
import { toRow } from '../../cli/audit/row.ts';
import { Shortlist } from '../../cli/audit/shortlist.ts';
import { prevention } from '../../lambda/core/advice.ts';
import { shareOf, Tally } from '../../lambda/core/compliance-summary.ts';
import type { VerdictName } from '../../lambda/core/verdict.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { instanceId, IMDSV1, NOW, REGION, snapshot } from '../support/builders.ts';

const REQUIRED = { HttpTokens: 'required' };

function tallyOf(counts: Partial<Record<VerdictName, number>>): Tally {
  const tally = new Tally();
  for (const [name, number] of Object.entries(counts)) {
    for (let i = 0; i < number; i += 1) tally.add(name as VerdictName);
  }
  return tally;
}

describe('compliance', () => {
  test('is the share of compliant instances among those that can be changed', () => {
    expect(shareOf(tallyOf({ compliant: 3, open: 1, 'aws-managed': 10 }))).toBe(0.75);
    expect(shareOf(tallyOf({ compliant: 1, pending: 1, exempt: 1, 'imds-off': 1 }))).toBe(0.25);
  });

  test('is not there where nothing can be changed', () => {
    expect(shareOf(tallyOf({}))).toBeUndefined();
    expect(percent(tallyOf({ 'aws-managed': 2 }))).toBe('–');
  });

  test('is never rounded up', () => {
    expect(percent(tallyOf({ compliant: 2999, open: 1 }))).toBe('99.9 %');
    expect(percent(tallyOf({ compliant: 3 }))).toBe('100.0 %');
  });
});

describe('origins', () => {
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
    [{ autoScalingGroup: 'g', stackName: 's' }, 'auto-scaling-group', 'g'],
    [{ stackName: 's', stackLogicalId: 'Web' }, 'cloudformation-stack', 's'],
    [{ fleetId: 'fleet-1' }, 'none', ''],
  ])('%j is one of the kind %s', (origin, kind, name) => {
    expect(originGroupOf(origin)).toMatchObject({ kind, name });
  });

  test('are told apart by what has to be changed: group, version and region', () => {
    const rows = [
      auditRow({ instanceId: instanceId(1), tags: { ...asg, ...template('1') } }),
      auditRow({ instanceId: instanceId(2), tags: { ...asg, ...template('1') } }),
      auditRow({ instanceId: instanceId(3), tags: { ...asg, ...template('2') } }),
      auditRow({ instanceId: instanceId(4), tags: { ...asg, ...template('1') } }, 'us-east-1'),
    ];
    const { origins } = auditOf(rows, new Map(), [REGION, 'us-east-1']);
    expect(origins.map(({ region, tally }) => [region, tally.instances])).toEqual([
      [REGION, 2],
      [REGION, 1],
      ['us-east-1', 1],
    ]);
  });

  test('come with the advice of the alerts where there are findings, and most findings first', () => {
    const rows = [
      auditRow({ instanceId: instanceId(1), options: REQUIRED, tags: { 'aws:cloudformation:stack-name': 'a' } }),
      auditRow({ instanceId: instanceId(2), tags: asg }),
      auditRow({ instanceId: instanceId(3), options: { HttpPutResponseHopLimit: 3 }, tags: template('7') }),
      auditRow({ instanceId: instanceId(4), tags: template('7') }),
    ];
    const { origins } = auditOf(rows);
    const origin = { launchTemplateId: 'lt-0a1b2c3d4e5f60718', launchTemplateVersion: '7' };
    expect(origins.map(({ kind }) => kind)).toEqual(['launch-template', 'auto-scaling-group', 'cloudformation-stack']);
    expect(origins[0]?.fix).toEqual(
      prevention({ region: REGION }, origin, { options: { ...IMDSV1, HttpPutResponseHopLimit: 3 } }),
    );
    expect(origins[0]?.examples).toEqual([instanceId(3), instanceId(4)]);
    expect(origins[2]?.fix).toBeUndefined();
  });

  test('are in order of findings, not of size', () => {
    const fine = [1, 2, 3].map((number) => auditRow({ instanceId: instanceId(number), options: REQUIRED, tags: asg }));
    const { origins } = auditOf([...fine, auditRow({ instanceId: instanceId(4), tags: template('7') })]);
    expect(origins.map(({ tally }) => [tally.findings, tally.instances])).toEqual([
      [1, 1],
      [0, 3],
    ]);
  });

  test('a stack is one origin, and its fix names the resources with findings', () => {
    const ofStack = (number: number, options = {}) =>
      auditRow({
        instanceId: instanceId(number),
        options,
        tags: { 'aws:cloudformation:stack-name': 'shop', 'aws:cloudformation:logical-id': `Web${number}` },
      });
    const fine = ofStack(9, REQUIRED);
    const few = auditOf([fine, ofStack(1), ofStack(2)]).origins;
    expect(few).toHaveLength(1);
    expect(few[0]?.fix?.text).toContain('stack shop, resource Web1, Web2: set');
    const many = auditOf([1, 2, 3, 4, 5].map((number) => ofStack(number))).origins;
    expect(many[0]?.fix?.text).toContain('resource Web1, Web2, Web3 and others: set');
    expect(many[0]?.examples).toEqual([1, 2, 3].map(instanceId));
  });
});

describe('rows', () => {
  test('leave out what is going or gone', () => {
    expect(toRow(snapshot({ state: 'terminated' }), REGION, 90, NOW)).toBeUndefined();
  });

  test.each([
    [{ tags: { 'imdsv2:exempt-until': '2026-12-01', 'imdsv2:exempt-reason': 'agent' } }, 'exempt', 'active'],
    [{ tags: { 'imdsv2:exempt-until': '2026-11-21' } }, 'open', 'expired'],
    [{ tags: { 'imdsv2:exempt-until': 'soon' } }, 'open', 'malformed'],
    [{ tags: { 'imdsv2:exempt-until': '2030-01-01' } }, 'open', 'beyond-horizon'],
    [{ options: REQUIRED, tags: { 'imdsv2:exempt-until': 'soon' } }, 'compliant', 'malformed'],
    [{ options: { ...REQUIRED, State: 'pending' } }, 'pending', 'none'],
    [{ options: { HttpTokens: undefined } }, 'unreadable', 'none'],
  ])('%j is %s with an exemption that is %s', (change, verdict, kind) => {
    expect(auditRow(change)).toMatchObject({ verdict, exemption: { kind } });
  });
});

test('regions have what was read of them, and why they were not read to the end', () => {
  const { regions, total } = auditOf([auditRow()], new Map([['us-east-1', 'denied']]), [REGION, 'us-east-1']);
  expect(regions.map(({ region, tally, error }) => [region, tally.instances, error])).toEqual([
    [REGION, 1, undefined],
    ['us-east-1', 0, 'denied'],
  ]);
  expect(total.counts.open).toBe(1);
});

test('a short list keeps the first ones of any order, and counts the others', () => {
  const list = new Shortlist<number>(3, (a, b) => a - b);
  for (const number of [5, 9, 1, 7, 3, 8, 2, 6, 4]) list.add(number);
  expect([list.first, list.more]).toEqual([[1, 2, 3], 6]);
});
