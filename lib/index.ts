/** What other CDK apps may import. */
export { EnforcerStack, type EnforcerStackProps } from './enforcer-stack.ts';
export { Imdsv2Enforcer, type Imdsv2EnforcerProps } from './imdsv2-enforcer.ts';
export type { Settings } from './settings.ts';
