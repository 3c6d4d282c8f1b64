import { raisingHopLimit } from '../../lambda/app/hop-limit.ts';
import type { HopLimitWriter } from '../../lambda/app/ports/index.ts';
import { INSTANCE, REGION, snapshot } from '../support/builders.ts';
import { failure, world } from '../support/ports.ts';

const instanceWith = (HttpPutResponseHopLimit?: number) => snapshot({ options: { HttpPutResponseHopLimit } });

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
  ['raises a lower limit in the same call', 1, [DESCRIBE, 'within 2', MODIFY]],
  ['does not send an equal limit', 2, [DESCRIBE, MODIFY]],
  ['does not send a higher limit', 3, [DESCRIBE, MODIFY]],
  ['does not send a limit that EC2 does not report', undefined, [DESCRIBE, MODIFY]],
])('%s', async (_, hopLimit, calls) => {
  const ports = world([instanceWith(hopLimit)]);

  const after = await raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE);

  expect(after.HttpTokens).toBe('required');
  expect(ports.calls).toEqual(calls);
});

it('does not change an instance that EC2 does not return', async () => {
  const ports = world();

  await expect(raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE)).rejects.toMatchObject(
    {
      kind: 'not-visible',
    },
  );
  expect(ports.calls).toEqual([DESCRIBE]);
});

it('does not change an instance that cannot be read', async () => {
  const ports = world([instanceWith(1)]);
  ports.fail('describe', failure('denied'));

  await expect(raisingHopLimit(writerOf(ports), ports.reader, 2).requireTokens(REGION, INSTANCE)).rejects.toMatchObject(
    {
      kind: 'denied',
    },
  );
  expect(ports.calls).toEqual([DESCRIBE]);
});
