const { EMULATOR, EMULATOR_LACKS = '' } = process.env;

/** What not every endpoint has. */
export type Trait =
  'filter client-token' | 'filter launch-time' | 'filter metadata-options.http-tokens' | 'keeping omitted fields';

/** A test of what moto does otherwise than AWS. It runs only where we started moto ourselves, and so know that it is moto. */
export const onMoto: jest.It = EMULATOR === 'moto' ? it : it.skip;

/** A test that can only judge where the endpoint does what AWS does; else it is skipped, as the start of the run says. */
export const needs = (...traits: readonly Trait[]): jest.It =>
  traits.some((trait) => EMULATOR_LACKS.split(',').includes(trait)) ? it.skip : it;
