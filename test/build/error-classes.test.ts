import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasQueryCodes, withoutErrorClasses } from '../../build/error-classes.ts';
import { ROOT } from '../../build/seal.ts';

const schemaFile = (client: string) =>
  join(ROOT, `node_modules/@aws-sdk/client-${client}/dist-es/schemas/schemas_0.js`);
const registered = (source: string) =>
  [...source.matchAll(/^n0_registry\.registerError\((\w+)\$, /gm)].map(([, name]) => name);

/** How many errors of a client have classes before, and which after. */
async function classesOf(client: string) {
  const [source, isQuery] = await Promise.all([
    readFile(schemaFile(client), 'utf8'),
    hasQueryCodes(schemaFile(client)),
  ]);
  return { before: registered(source).length, after: registered(withoutErrorClasses(source, { isQuery })) };
}

test.each(['cloudtrail', 'eventbridge', 'kms', 'lambda'])(
  'errors of a service without the query protocol have no classes: %s',
  async (client) => {
    const { before, after } = await classesOf(client);

    expect(before).toBeGreaterThan(5);
    expect(after).toEqual([]);
  },
);

test.each([
  ['sns', 'AuthorizationErrorException'],
  ['sqs', 'QueueDoesNotExist'],
])('with codes of the query protocol, an error keeps the class that gives it its name: %s', async (client, name) => {
  const { before, after } = await classesOf(client);

  expect(after).toContain(name);
  expect(after.length).toBeLessThan(before);
});

test('a client whose protocol cannot be seen keeps them', async () => {
  await expect(hasQueryCodes('/nowhere/schemas/schemas_0.js')).resolves.toBe(true);
});
