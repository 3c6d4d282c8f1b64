import type { SweepStep } from '../../../lambda/triggers/scan.ts';
import { parseSweep } from '../../../lambda/triggers/scan.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { old, rules, RUN, sweepWorld, take } from '../../support/scan.ts';

const STEP = { ...RUN, step: 'region' } as const;
const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const steps = ({ waiting }: { readonly waiting: readonly string[] }) =>
  waiting.map((text) => parseSweep(JSON.parse(text)) as SweepStep);
const [EXEMPT, NONSENSE] = [{ 'imdsv2:exempt-until': '2026-12-31' }, { 'imdsv2:exempt-until': 'soon' }];

it('lists what answers IMDSv1 and asks for it in chunks of a thousand, and then for the count', async () => {
  const ports = sweepWorld(ids(2_345).map((id) => old(id)));

  await take(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'chunk', index: 0, instanceIds: ids(1_000) },
    { ...RUN, step: 'chunk', index: 1, instanceIds: ids(2_000).slice(1_000) },
    { ...RUN, step: 'chunk', index: 2, instanceIds: ids(2_345).slice(2_000) },
    { ...RUN, step: 'close', openBefore: 2_345, asked: 2_345 },
  ]);
  expect(ports.calls).toEqual([
    ...['first', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
    `ask ${REGION}/chunk`,
    `ask ${REGION}/close`,
  ]);
});

it('who is compliant, without IMDS, gone, managed by AWS, exempt or badly exempt is not asked for', async () => {
  const given = [
    old(instanceId(1)),
    old(instanceId(2), { options: { HttpTokens: 'required' } }),
    old(instanceId(3), { options: { HttpEndpoint: 'disabled' } }),
    old(instanceId(4), { state: 'terminated' }),
    old(instanceId(5), { awsManaged: true }),
    old(instanceId(6), { tags: EXEMPT }),
    old(instanceId(7), { tags: NONSENSE }),
    old(instanceId(8), { state: 'stopped' }),
  ];
  const ports = sweepWorld(given);

  await take(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'chunk', index: 0, instanceIds: [instanceId(1), instanceId(8)] },
    // With the one whose exemption does not count: it is open all the same.
    { ...RUN, step: 'close', openBefore: 3, asked: 2 },
  ]);
});

it('under enforce-when-quiet all that may turn out to be quiet are asked for, and nothing is measured here', async () => {
  const ports = sweepWorld([old(instanceId(1)), old(instanceId(2), { tags: EXEMPT })]);

  await take(STEP, rules({ existing: 'enforce-when-quiet' }), ports);

  expect(steps(ports)).toMatchObject([
    { step: 'chunk', instanceIds: [instanceId(1)] },
    { step: 'close', asked: 1 },
  ]);
  expect(ports.calls.some((call) => call.startsWith('measure'))).toBe(false);
});

it.each(['audit', 'enforce-when-quiet', 'enforce'] as const)(
  'without a writer (existing=%s) nothing is asked for but the count',
  async (existing) => {
    const { writer, ...ports } = sweepWorld(ids(3).map((id) => old(id)));

    await take(STEP, rules({ existing }), ports);

    expect(writer).toBeDefined();
    expect(steps(ports)).toEqual([{ ...RUN, step: 'close', openBefore: 3, asked: 0 }]);
  },
);

it('existing=audit asks for nothing even if it had a writer', async () => {
  const ports = sweepWorld(ids(3).map((id) => old(id)));

  await take(STEP, rules({ existing: 'audit' }), ports);

  expect(steps(ports)).toEqual([{ ...RUN, step: 'close', openBefore: 3, asked: 0 }]);
});

it('an instance that moves to the next page while it is listed is asked for once', async () => {
  const ports = sweepWorld(ids(3).map((id) => old(id)));
  const twice = [ids(2), ids(3).slice(1)].map((those) => those.map((id) => old(id)));
  const page = (_region: string, _filters: unknown, token?: string) =>
    Promise.resolve({ snapshots: twice[Number(token ?? 0)] ?? [], next: token === undefined ? '1' : undefined });

  await take(STEP, rules(), { ...ports, fleet: { page } });

  expect(steps(ports)).toMatchObject([
    { step: 'chunk', instanceIds: ids(3) },
    { step: 'close', openBefore: 3, asked: 3 },
  ]);
});

it('a page that is throttled is asked for again, not the whole list', async () => {
  const ports = sweepWorld(ids(2_500).map((id) => old(id)));
  ports.fail(`list ${REGION} 1000`, failure('throttled'));

  await take(STEP, rules(), ports);

  expect(ports.calls.filter((call) => call.startsWith('list'))).toEqual(
    ['first', '1000', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
  );
});

it('the count is only asked for once the queue has taken every chunk', async () => {
  const ports = sweepWorld(ids(3).map((id) => old(id)));
  ports.fail(`ask ${REGION}/chunk`, failure('denied', 'no'));

  await expect(take(STEP, rules(), ports)).rejects.toEqual(failure('denied', 'no'));

  expect(ports.waiting).toEqual([]);
});
