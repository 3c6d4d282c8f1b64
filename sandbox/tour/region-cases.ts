import { type Case, compliant } from './case.ts';

/** The regions of the cases. The product is deployed in the first one. */
export const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const;
const [HOME_REGION, OTHER_REGION] = REGIONS;

export const otherRegion: Case = {
  title: `an instance is launched in ${OTHER_REGION}; the product is deployed in ${HOME_REGION}`,
  play: async (scenario) => {
    const { sandbox } = scenario;
    const options = { MetadataOptions: { HttpTokens: 'optional' } } as const;
    const [id = ''] = await scenario.launch(options, { Name: 'web-eu' }, 'AKIADEVELOPER', OTHER_REGION);
    const alert = () => scenario.alerts(id)[0]?.email;
    const forwarded = () => sandbox.deliveries.filter(({ targetArn }) => targetArn.includes(`:events:${HOME_REGION}:`));
    return {
      instances: compliant(id),
      isDone: () => scenario.alerts(id).length > 0,
      checks: [
        {
          what: `a rule in ${OTHER_REGION} forwarded the event to the event bus in ${HOME_REGION}`,
          passes: () => forwarded().some(isDeliveredBy('Launch')),
        },
        { what: 'remediated', passes: () => scenario.hasOutcome(id, 'remediated') },
        { what: `EC2 was called in ${OTHER_REGION}`, passes: () => scenario.changes(id) === 1 },
        { what: 'the alert names the region', passes: () => alert()?.subject.includes(OTHER_REGION) === true },
        { what: 'the alert names the caller', passes: () => /Developer\/ana/.test(alert()?.body ?? '') },
        {
          what: 'the running-state event was forwarded as well',
          passes: () => forwarded().some(isDeliveredBy('Running')),
        },
      ],
    };
  },
};

const isDeliveredBy =
  (name: string) =>
  ({ rule, outcome }: { readonly rule: string; readonly outcome: string }): boolean =>
    rule.endsWith(`-${name}`) && outcome === 'delivered';
