import { ApiError } from '../wire/errors.ts';
import { texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { type Instance, type StateName, wholeSecond } from './instance.ts';
import type { Lifecycle } from './lifecycle.ts';
import { stateShape } from './shape.ts';

/** A state change that a caller can request. */
interface Change {
  readonly from: readonly StateName[];
  /** States in which the call succeeds without effect. */
  readonly already: readonly StateName[];
  readonly verb: string;
  readonly make: (lifecycle: Lifecycle, instance: Instance, at: number) => void;
}

const change =
  ({ from, already, verb, make }: Change): Action =>
  ({ params, at }, region, { lifecycle }) => {
    const instances = region.find(texts(params, 'InstanceId'), at);
    const wrong = instances.find(({ state }) => !from.includes(state) && !already.includes(state));
    if (wrong !== undefined) {
      throw new ApiError(
        'IncorrectInstanceState',
        `The instance '${wrong.id}' is not in a state from which it can be ${verb}.`,
      );
    }
    const instancesSet = instances.map((instance) => {
      const previousState = stateShape(instance.state);
      if (from.includes(instance.state)) make(lifecycle, instance, at);
      return { instanceId: instance.id, currentState: stateShape(instance.state), previousState };
    });
    return { instancesSet };
  };

export const startInstances = change({
  from: ['stopped'],
  already: ['pending', 'running'],
  verb: 'started',
  make: (lifecycle, instance, at) => lifecycle.start(instance, wholeSecond(at)),
});

export const stopInstances = change({
  from: ['running'],
  already: ['stopping', 'stopped'],
  verb: 'stopped',
  make: (lifecycle, instance) => lifecycle.stop(instance),
});

export const terminateInstances = change({
  from: ['pending', 'running', 'stopping', 'stopped'],
  already: ['shutting-down', 'terminated'],
  verb: 'terminated',
  make: (lifecycle, instance) => lifecycle.terminate(instance),
});
