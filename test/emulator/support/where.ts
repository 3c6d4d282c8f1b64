const { EMULATOR, EMULATOR_LACKS = '' } = process.env;

/** Behaviour of AWS that some endpoints lack. */
export type Trait =
  | 'filter client-token'
  | 'filter launch-time'
  | 'filter metadata-options.http-tokens'
  | 'keeping omitted fields'
  | 'source versions';

/** A test of a difference between moto and AWS. It runs only if the endpoint is known to be moto. */
export const onMoto: jest.It = EMULATOR === 'moto' ? it : it.skip;

/** A test that is skipped if the endpoint lacks a trait. */
export const needs = (...traits: readonly Trait[]): jest.It =>
  traits.some((trait) => EMULATOR_LACKS.split(',').includes(trait)) ? it.skip : it;
