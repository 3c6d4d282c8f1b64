import type { ScanStep } from '../../../lambda/triggers/scan.ts';
import { parseScan } from '../../../lambda/triggers/scan.ts';
import { instanceId, REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { old, reported, rules, RUN, scanWorld, runStep } from '../../support/scan.ts';

const STEP = { ...RUN, step: 'region' } as const;
const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const steps = ({ queued }: { readonly queued: readonly string[] }) =>
  queued.map((text) => parseScan(JSON.parse(text)) as ScanStep);
const [EXEMPT, MALFORMED] = [{ 'imdsv2:exempt-until': '2026-12-31' }, { 'imdsv2:exempt-until': 'soon' }];

it('queues the instances with IMDSv1 enabled in batches of a thousand, and then the summary', async () => {
  const ports = scanWorld(ids(2_345).map((id) => old(id)));

  await runStep(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'batch', index: 0, instanceIds: ids(1_000) },
    { ...RUN, step: 'batch', index: 1, instanceIds: ids(2_000).slice(1_000) },
    { ...RUN, step: 'batch', index: 2, instanceIds: ids(2_345).slice(2_000) },
    { ...RUN, step: 'summary', requestedIds: ids(2_345) },
  ]);
  expect(ports.calls).toEqual([
    ...['first', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
    `putSteps ${REGION}/batch`,
    `putSteps ${REGION}/summary`,
  ]);
});

it('names the first ten thousand instances in the summary, which is one message', async () => {
  const ports = scanWorld(ids(10_001).map((id) => old(id)));

  await runStep(STEP, rules(), ports);

  expect(steps(ports)).toHaveLength(12);
  expect(steps(ports).at(-1)).toEqual({ ...RUN, step: 'summary', requestedIds: ids(10_000) });
});

it('requests neither compliant, terminated, AWS-managed nor exempt instances', async () => {
  const given = [
    old(instanceId(1)),
    old(instanceId(2), { options: { HttpTokens: 'required' } }),
    old(instanceId(3), { options: { HttpEndpoint: 'disabled' } }),
    old(instanceId(4), { state: 'terminated' }),
    old(instanceId(5), { awsManaged: true }),
    old(instanceId(6), { tags: EXEMPT }),
    old(instanceId(7), { tags: MALFORMED }),
    old(instanceId(8), { state: 'stopped' }),
  ];
  const ports = scanWorld(given);

  await runStep(STEP, rules(), ports);

  expect(steps(ports)).toEqual([
    { ...RUN, step: 'batch', index: 0, instanceIds: [instanceId(1), instanceId(7), instanceId(8)] },
    { ...RUN, step: 'summary', requestedIds: [instanceId(1), instanceId(7), instanceId(8)] },
  ]);
});

it('requests the instances that are measured as unused under enforce-when-unused', async () => {
  const ports = scanWorld([1, 2, 3, 4].map((number) => old(instanceId(number), { tags: number === 2 ? EXEMPT : {} })));
  ports.metrics.set(`MetadataNoToken ${instanceId(1)}`, reported());
  ports.metrics.set(`MetadataNoToken ${instanceId(3)}`, reported(9));

  await runStep(STEP, rules({ existing: 'enforce-when-unused' }), ports);

  expect(steps(ports)).toMatchObject([
    { step: 'batch', instanceIds: [instanceId(1)] },
    { step: 'summary', requestedIds: [instanceId(1)] },
  ]);
});

it.each(['audit', 'enforce-when-unused', 'enforce'] as const)(
  'queues only the summary without a writer (existing=%s)',
  async (existing) => {
    const { writer, ...ports } = scanWorld(ids(3).map((id) => old(id)));

    await runStep(STEP, rules({ existing }), ports);

    expect(writer).toBeDefined();
    expect(steps(ports)).toEqual([{ ...RUN, step: 'summary', requestedIds: [] }]);
  },
);

it('queues only the summary under existing=audit, even with a writer', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));

  await runStep(STEP, rules({ existing: 'audit' }), ports);

  expect(steps(ports)).toEqual([{ ...RUN, step: 'summary', requestedIds: [] }]);
});

it('requests an instance once if it moves to the next page while it is listed', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));
  const pages = [ids(2), ids(3).slice(1)].map((page) => page.map((id) => old(id)));
  const page = (_region: string, _filters: unknown, token?: string) =>
    Promise.resolve({ snapshots: pages[Number(token ?? 0)] ?? [], next: token === undefined ? '1' : undefined });

  await runStep(STEP, rules(), { ...ports, fleet: { page } });

  expect(steps(ports)).toMatchObject([
    { step: 'batch', instanceIds: ids(3) },
    { step: 'summary', requestedIds: ids(3) },
  ]);
});

it('repeats a throttled page, not the whole list', async () => {
  const ports = scanWorld(ids(2_500).map((id) => old(id)));
  ports.fail(`list ${REGION} 1000`, failure('throttled'));

  await runStep(STEP, rules(), ports);

  expect(ports.calls.filter((call) => call.startsWith('list'))).toEqual(
    ['first', '1000', '1000', '2000'].map((page) => `list ${REGION} ${page}`),
  );
});

it('queues the summary only after the queue has accepted all batches', async () => {
  const ports = scanWorld(ids(3).map((id) => old(id)));
  ports.fail(`putSteps ${REGION}/batch`, failure('denied', 'no'));

  await expect(runStep(STEP, rules(), ports)).rejects.toEqual(failure('denied', 'no'));

  expect(ports.queued).toEqual([]);
});
