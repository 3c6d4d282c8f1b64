import type { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { forwarderStack } from '../lambda/contract.ts';
import { EnforcerStack, type EnforcerStackProps } from './enforcer-stack.ts';
import { ForwarderStack } from './forwarder-stack.ts';

/** The stacks of one account. */
export interface Deployment {
  readonly home: EnforcerStack;
  /** One for each region except the home region. */
  readonly forwarders: readonly Stack[];
}

/**
 * Creates the stacks of one account: the enforcer in the home region, forwarders in the others.
 *
 * The first of `props.regions` is the home region. Without `regions` there is one stack, in the region of `props.env`.
 *
 * @example deployment(app, 'Imdsv2Enforcer', { code, regions: ['us-east-1', 'eu-west-1'], alertEmail:
 * ['security@example.com'] });
 */
export function deployment(scope: Construct, id: string, props: EnforcerStackProps): Deployment {
  const [homeRegion, ...others] = props.regions ?? [];
  if (homeRegion === undefined) return { home: new EnforcerStack(scope, id, props), forwarders: [] };
  const { account } = props.env ?? {};
  const { permissionsBoundary, rolePath, logKmsKeyArn, tags } = props;
  const home = new EnforcerStack(scope, id, { ...props, env: { account, region: homeRegion } });
  const forwarders = others.map((region) => {
    const stack = new ForwarderStack(scope, forwarderStack(home.stackName, region), {
      env: { account, region },
      homeRegion,
      ...{ permissionsBoundary, rolePath, logKmsKeyArn, tags },
    });
    // Events that are forwarded before the bus exists would be lost.
    stack.addStackDependency(home, 'it has the event bus');
    return stack;
  });
  return { home, forwarders };
}
