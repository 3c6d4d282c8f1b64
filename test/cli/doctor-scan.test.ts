import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { results, FUNCTION_ARN, healthy, OUTPUTS, RESOURCES, ruleName, services, stackIs } from './doctor-aws.ts';

const { events } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

it('the schedule of the scan: switched off, without its queue, not there', async () => {
  const name = ruleName('Schedule');
  events.on(DescribeRuleCommand, { Name: name }).resolves({ State: 'DISABLED' });
  expect((await results()).found).toMatchObject([{ text: `${name} is switched off: no scan begins` }]);

  healthy();
  events.on(ListTargetsByRuleCommand, { Rule: name }).resolves({ Targets: [{ Id: 'x', Arn: FUNCTION_ARN }] });
  expect((await results()).found).toMatchObject([{ text: `${name} does not lead to ${OUTPUTS.ScanQueueArn}` }]);

  stackIs({ resources: RESOURCES.filter(([id]) => !id.includes('Schedule')) });
  expect((await results()).found).toMatchObject([{ text: expect.stringContaining('no rule Schedule') }]);
});
