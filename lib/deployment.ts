import type { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { forwarderStack } from '../lambda/contract.ts';
import { EnforcerStack, type EnforcerStackProps } from './enforcer-stack.ts';
import { ForwarderStack } from './forwarder-stack.ts';

/** The stacks of one account. */
export interface Deployment {
  readonly home: EnforcerStack;
  /** One for each other region. */
  readonly forwarders: readonly Stack[];
}

/** Makes the stacks: the enforcer in the first of the regions, or wherever it is deployed if none is given, and a forwarder in each other. */
export function deployment(scope: Construct, id: string, props: EnforcerStackProps): Deployment {
  const [homeRegion, ...others] = props.regions ?? [];
  if (homeRegion === undefined) return { home: new EnforcerStack(scope, id, props), forwarders: [] };
  const { account } = props.env ?? {};
  const home = new EnforcerStack(scope, id, { ...props, env: { account, region: homeRegion } });
  const forwarders = others.map((region) => {
    const stack = new ForwarderStack(scope, forwarderStack(home.stackName, region), {
      env: { account, region },
      homeRegion,
    });
    // What is sent before the bus is there would be lost.
    stack.addStackDependency(home, 'it has the bus');
    return stack;
  });
  return { home, forwarders };
}
