import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { findings, FUNCTION_ARN, healthy, OUTPUTS, RESOURCES, ruleName, services, setStack } from './doctor-aws.ts';

const { events } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

it('reports a schedule that is disabled, has another target or is missing', async () => {
  const name = ruleName('Schedule');
  events.on(DescribeRuleCommand, { Name: name }).resolves({ State: 'DISABLED' });
  expect((await findings()).found).toMatchObject([{ text: `${name} is disabled: no scan starts` }]);

  healthy();
  events.on(ListTargetsByRuleCommand, { Rule: name }).resolves({ Targets: [{ Id: 'x', Arn: FUNCTION_ARN }] });
  expect((await findings()).found).toMatchObject([
    { text: `${name} does not have the target ${OUTPUTS.ScanQueueArn}` },
  ]);

  setStack({ resources: RESOURCES.filter(([id]) => !id.includes('Schedule')) });
  expect((await findings()).found).toMatchObject([{ text: expect.stringContaining('no rule Schedule') }]);
});
