import { raisingHopLimit } from '../../lambda/app/hop-limit.ts';
import type { HopLimitWriter } from '../../lambda/app/ports/index.ts';
import { INSTANCE, REGION, snapshot } from '../support/builders.ts';
import { failure, world } from '../support/ports.ts';

const OPEN = (HttpPutResponseHopLimit?: number) => snapshot({ options: { HttpPutResponseHopLimit } });

function writerOf(ports: ReturnType<typeof world>): HopLimitWriter {
  return {
    ...ports.writer,
    requireTokensWithin: async (region, instanceId, hopLimit) => {
      ports.calls.push(`within ${hopLimit}`);
      return ports.writer.requireTokens(region, instanceId);
    },
  };
}

const DESCRIBE = `describe ${REGION} ${INSTANCE}`;
const MODIFY = `modify ${REGION} ${INSTANCE}`;

it.each([
  ['a lower one is raised, in the same call', 1, [DESCRIBE, 'within 2', MODIFY]],
  ['an equal one is not sent', 2, [DESCRIBE, MODIFY]],
  ['a higher one is not sent', 3, [DESCRIBE, MODIFY]],
  ['one that EC2 does not state is not sent', undefined, [DESCRIBE, MODIFY]],
])('%s', async (_, has, calls) => {
  const ports = world([OPEN(has)]);

  const after = await raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE);

  expect(after.HttpTokens).toBe('required');
  expect(ports.calls).toEqual(calls);
});

it('what EC2 does not show is not changed', async () => {
  const ports = world();

  await expect(raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE)).rejects.toMatchObject(
    {
      kind: 'not-visible',
    },
  );
  expect(ports.calls).toEqual([DESCRIBE]);
});

it('what cannot be read is not changed', async () => {
  const ports = world([OPEN(1)]);
  ports.fail('describe', failure('denied'));

  await expect(raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE)).rejects.toMatchObject(
    {
      kind: 'denied',
    },
  );
  expect(ports.calls).toEqual([DESCRIBE]);
});
