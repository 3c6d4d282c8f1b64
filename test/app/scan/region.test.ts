import type { ScanStep } from '../../../lambda/triggers/scan.ts';
import { parseScan } from '../../../lambda/triggers/scan.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { old, rules, RUN, scanWorld, take } from '../../support/scan.ts';

const STEP = { ...RUN, step: 'region' } as const;
const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const steps = ({ waiting }: { readonly waiting: readonly string[] }) =>
  waiting.map((text) => parseScan(JSON.parse(text)) as ScanStep);
const [EXEMPT, NONSENSE] = [{ 'imdsv2:exempt-until': '2026-12-31' }, { 'imdsv2:exempt-until': 'soon' }];

it('lists what answers IMDSv1 and asks for it in batchs of a thousand, and then for the count', async () => {
  const ports = scanWorld(ids(2_345).map((id) => old(id)));

  await take(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'batch', index: 0, instanceIds: ids(1_000) },
    { ...RUN, step: 'batch', index: 1, instanceIds: ids(2_000).slice(1_000) },
    { ...RUN, step: 'batch', index: 2, instanceIds: ids(2_345).slice(2_000) },
    { ...RUN, step: 'summary', nonCompliantBefore: 2_345, requested: 2_345 },
  ]);
  expect(ports.calls).toEqual([
    ...['first', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
    `ask ${REGION}/batch`,
    `ask ${REGION}/close`,
  ]);
});

it('who is compliant, without IMDS, gone, managed by AWS, exempt or badly exempt is not requested for', async () => {
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
  const ports = scanWorld(given);

  await take(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'batch', index: 0, instanceIds: [instanceId(1), instanceId(8)] },
    // With the one whose exemption does not count: it is open all the same.
    { ...RUN, step: 'summary', nonCompliantBefore: 3, requested: 2 },
  ]);
});

it('under enforce-when-unused all that may turn out to be unused are requested for, and nothing is measured here', async () => {
  const ports = scanWorld([old(instanceId(1)), old(instanceId(2), { tags: EXEMPT })]);

  await take(STEP, rules({ existing: 'enforce-when-unused' }), ports);

  expect(steps(ports)).toMatchObject([
    { step: 'batch', instanceIds: [instanceId(1)] },
    { step: 'summary', requested: 1 },
  ]);
  expect(ports.calls.some((call) => call.startsWith('measure'))).toBe(false);
});

it.each(['audit', 'enforce-when-unused', 'enforce'] as const)(
  'without a writer (existing=%s) nothing is requested for but the count',
  async (existing) => {
    const { writer, ...ports } = scanWorld(ids(3).map((id) => old(id)));

    await take(STEP, rules({ existing }), ports);

    expect(writer).toBeDefined();
    expect(steps(ports)).toEqual([{ ...RUN, step: 'summary', nonCompliantBefore: 3, requested: 0 }]);
  },
);

it('existing=audit asks for nothing even if it had a writer', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));

  await take(STEP, rules({ existing: 'audit' }), ports);

  expect(steps(ports)).toEqual([{ ...RUN, step: 'summary', nonCompliantBefore: 3, requested: 0 }]);
});

it('an instance that moves to the next page while it is listed is requested for once', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));
  const twice = [ids(2), ids(3).slice(1)].map((those) => those.map((id) => old(id)));
  const page = (_region: string, _filters: unknown, token?: string) =>
    Promise.resolve({ snapshots: twice[Number(token ?? 0)] ?? [], next: token === undefined ? '1' : undefined });

  await take(STEP, rules(), { ...ports, fleet: { page } });

  expect(steps(ports)).toMatchObject([
    { step: 'batch', instanceIds: ids(3) },
    { step: 'summary', nonCompliantBefore: 3, requested: 3 },
  ]);
});

it('a page that is throttled is requested for again, not the whole list', async () => {
  const ports = scanWorld(ids(2_500).map((id) => old(id)));
  ports.fail(`list ${REGION} 1000`, failure('throttled'));

  await take(STEP, rules(), ports);

  expect(ports.calls.filter((call) => call.startsWith('list'))).toEqual(
    ['first', '1000', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
  );
});

it('the count is only requested for once the queue has taken every batch', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));
  ports.fail(`ask ${REGION}/batch`, failure('denied', 'no'));

  await expect(take(STEP, rules(), ports)).rejects.toEqual(failure('denied', 'no'));

  expect(ports.waiting).toEqual([]);
});
