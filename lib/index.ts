/** The public API of the constructs. */
export { type Deployment, deployment } from './deployment.ts';
export { EnforcerStack, type EnforcerStackProps } from './enforcer-stack.ts';
export { ForwarderStack, type ForwarderStackProps } from './forwarder-stack.ts';
export { Imdsv2Enforcer, type Imdsv2EnforcerProps } from './imdsv2-enforcer.ts';
export type { Settings } from './settings.ts';
