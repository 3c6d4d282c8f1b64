import { DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { type Check, checkEach, type HomeContext } from './context.ts';

const check = 'alarms';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const NAMES = 100;

/** The alarms: that each exists and notifies the topic of operations. */
export const alarms: Check<HomeContext> = {
  name: check,
  run: async (context) => {
    const names = context.parts.all('AWS::CloudWatch::Alarm');
    const pages = Array.from({ length: Math.ceil(names.length / NAMES) }, (_, index) =>
      names.slice(index * NAMES, (index + 1) * NAMES),
    );
    const healthy = ok(check, `${names.length} alarms notify the topic Operations`);
    return checkEach(check, pages, (page) => checkAlarms(page, context), { healthy, explain: context.explain });
  },
};

async function checkAlarms(
  AlarmNames: readonly string[],
  { region, parts, clients }: HomeContext,
): Promise<readonly HealthResult[]> {
  const command = new DescribeAlarmsCommand({ AlarmNames: [...AlarmNames], MaxRecords: NAMES });
  const { MetricAlarms = [] } = await clients.alarms.send(command);
  const topic = parts.id('AWS::SNS::Topic', 'TopicsOperations');
  return AlarmNames.flatMap((name) => {
    const found = MetricAlarms.find(({ AlarmName }) => AlarmName === name);
    const place = { check, region, names: [name] };
    if (found === undefined)
      return [lost('alarm-deleted', { ...place, text: `alarm ${name} was deleted outside CloudFormation` })];
    const problem = problemOf(found, topic);
    if (problem === undefined) return [];
    const action = `aws cloudwatch enable-alarm-actions --region ${region} --alarm-names ${name}`;
    const text = `alarm ${name} ${problem}: no one is notified`;
    return [lost('alarm-actions', found.ActionsEnabled === false ? { ...place, text, action } : { ...place, text })];
  });
}

function problemOf({ ActionsEnabled, AlarmActions = [] }: MetricAlarm, topic: string): string | undefined {
  if (ActionsEnabled === false) return 'has its actions disabled';
  return AlarmActions.includes(topic) ? undefined : 'does not notify the topic Operations';
}
