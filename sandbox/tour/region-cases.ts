import { type Case, closed } from './case.ts';

/** The regions of the act; the product is in the first. */
export const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const;
const [HOME, ELSEWHERE] = REGIONS;

export const elsewhere: Case = {
  title: `one instance is launched in ${ELSEWHERE}, the product is in ${HOME}`,
  play: async (scenario) => {
    const { sandbox } = scenario;
    const options = { MetadataOptions: { HttpTokens: 'optional' } } as const;
    const [id = ''] = await scenario.launch(options, { Name: 'web-eu' }, 'AKIADEVELOPER', ELSEWHERE);
    const alert = () => scenario.alerts(id)[0]?.email;
    const sent = () => sandbox.deliveries.filter(({ targetArn }) => targetArn.includes(`:events:${HOME}:`));
    return {
      instances: closed(id),
      done: () => scenario.alerts(id).length > 0,
      checks: [
        { what: 'a rule there sent the event to our bus here', holds: () => sent().some(ofRule('Launch')) },
        { what: 'remediated', holds: () => scenario.hasDecided(id, 'remediated') },
        { what: 'EC2 was called there', holds: () => scenario.changes(id) === 1 },
        { what: 'the alert names the region', holds: () => alert()?.subject.includes(ELSEWHERE) === true },
        { what: 'and the caller', holds: () => /Developer\/ana/.test(alert()?.body ?? '') },
        { what: 'the running-state event came as well', holds: () => sent().some(ofRule('Running')) },
      ],
    };
  },
};

const ofRule =
  (name: string) =>
  ({ rule, outcome }: { readonly rule: string; readonly outcome: string }): boolean =>
    rule.endsWith(`-${name}`) && outcome === 'delivered';
