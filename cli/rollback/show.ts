import { groupBy } from '../../lambda/core/group-by.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { adviceOn, explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import type { RollbackExemption, RolledBack } from './run.ts';

/** Whether an instance is exempt, and has IMDSv1 enabled. */
export const isDone = ({ result: { status } }: RolledBack): boolean => status === 'allowed' || status === 'exempted';

/** Prints what became of each instance: what was done to standard output, the others to standard error. */
export function show(results: readonly RolledBack[], { until }: RollbackExemption, io: Io): void {
  const exempt = ({ region, snapshot }: RolledBack) => `${snapshot.instanceId} in ${region} is exempt until ${until}`;
  const done = results.filter(isDone);
  for (const one of done) {
    const enabled = one.result.status === 'allowed' ? ', and IMDSv1 is enabled again' : '; IMDSv1 was already enabled';
    io.out(exempt(one) + enabled);
  }
  if (done.length > 0) io.out(`To undo: ${undoOf(done)}`);
  for (const one of results) showUnfinished(one, exempt(one), io);
  if (results.length > 1 && done.length < results.length)
    io.note(`imdsv2: rolled back ${done.length} of ${instancesOf(results.length)}; the same command continues`);
}

function showUnfinished(one: RolledBack, exempt: string, io: Io): void {
  const { region, snapshot, result } = one;
  if (!('failure' in result)) return;
  const detail = `${explainError(result.failure)}${adviceOn(result.failure)}`;
  const instance = `${snapshot.instanceId} in ${region}`;
  if (result.status === 'not-started') return io.note(`imdsv2: not started: ${instance}`);
  if (result.status === 'failed') return io.note(`imdsv2: not changed: ${instance}: ${detail}`);
  io.note(`imdsv2: the rollback of ${instance} is incomplete: ${detail}`);
  io.note(`  done:      ${exempt}`);
  io.note('  not done:  IMDSv1 is not enabled; run the same command again to continue');
  io.note(`  to undo:   ${undoOf([one])}`);
}

/** The command that revokes the exemptions. */
function undoOf(results: readonly RolledBack[]): string {
  const ids = results.map(({ snapshot }) => snapshot.instanceId).join(' ');
  const regions = [...groupBy(results, ({ region }) => region).keys()];
  return `imdsv2 exempt revoke ${ids} --region${regions.length > 1 ? 's' : ''} ${regions.join(',')}`;
}
