import { autoScalingGroupWriter } from '../../../lambda/adapters/autoscaling-group-changes.ts';
import { ec2TemplateWriter } from '../../../lambda/adapters/ec2-template-changes.ts';
import type { TemplateContent, Time } from '../../../lambda/app/ports/index.ts';
import { withRetries } from '../../../lambda/app/retry.ts';
import { FailureError } from '../../../lambda/core/failure.ts';
import { groupBy } from '../../../lambda/core/group-by.ts';
import type { Template, TemplateReference } from '../../../lambda/core/prevention/inventory.ts';
import type { Aws } from '../../common/aws.ts';
import { adviceOn, explainError } from '../../common/errors.ts';
import { descriptionOf } from './marks.ts';
import type { Creation, TemplatePlan } from './plan.ts';
import type { UndoPlan } from './undo.ts';

/** How often a version that was just created is read before it is visible. */
const READS = 6;

/** What was done about one launch template. */
export interface TemplateResult {
  readonly template: Template;
  /** Numbers of the versions that were created, with the versions that they are made of. */
  readonly created: readonly { readonly version: number; readonly source: number }[];
  /** Number of references of groups that were moved, `$Default` not included. */
  readonly moved: number;
  readonly defaultVersion?: number;
  /** Why not everything was done. */
  readonly failure?: string;
}

/** What one template needs: versions, then `$Default`, then references. */
interface Steps {
  readonly template: Template;
  readonly creations: readonly Creation[];
  readonly existing: ReadonlyMap<number, number>;
  /** References by group: from version, and the source of the version to move to, or that version itself. */
  readonly moves: readonly { readonly group: string; readonly from: number; readonly to: 'made-of-it' | number }[];
  readonly setDefault?: { readonly from: number; readonly to: 'made-of-it' | number };
}

/** Makes the changes of a plan. A failure ends the work on this template, and a later run continues it. */
export const applyPlan = (region: string, plan: TemplatePlan, aws: Aws): Promise<TemplateResult> =>
  apply(
    region,
    {
      ...plan,
      moves: plan.moves.map(({ group, source }) => ({ group, from: source, to: 'made-of-it' })),
      setDefault: plan.defaultFrom === undefined ? undefined : { from: plan.defaultFrom, to: 'made-of-it' },
    },
    aws,
  );

/** Undoes earlier runs, in the opposite order: references first. */
export const applyUndo = (
  region: string,
  { template, creation, ...plan }: UndoPlan,
  aws: Aws,
): Promise<TemplateResult> =>
  apply(
    region,
    {
      template,
      creations: creation === undefined ? [] : [creation],
      existing: new Map(),
      moves: plan.moves.map(({ group, source, from }) => ({ group, from, to: source })),
      setDefault: plan.defaultTo === undefined ? undefined : { from: template.defaultVersion, to: plan.defaultTo },
    },
    aws,
  );

async function apply(region: string, steps: Steps, aws: Aws): Promise<TemplateResult> {
  const { template, creations, existing, moves, setDefault } = steps;
  const writer = ec2TemplateWriter(aws.ec2);
  const groups = autoScalingGroupWriter(aws.autoScaling);
  const retrying = <T>(call: () => Promise<T>) => withRetries(call, aws.time(region));
  const startedAt = aws.time(region).now().getTime();
  const made = new Map(existing);
  const created: { version: number; source: number }[] = [];
  let moved = 0;
  let defaultVersion: number | undefined;
  const target = ({ from, to }: { readonly from: number; readonly to: 'made-of-it' | number }) =>
    to === 'made-of-it' ? made.get(from) : to;
  try {
    for (const [index, creation] of creations.entries()) {
      const { kind, source, options } = creation;
      const version = await retrying(() =>
        writer.create(region, template.id, {
          source,
          options: kind === 'again' ? undefined : options,
          description: descriptionOf(creation),
          token: `imdsv2-${startedAt}-${index}-${template.id}`,
        }),
      );
      created.push({ version, source });
      await check(() => writer.contents(region, template.id), version, source, aws.time(region));
      if (kind === 'require') made.set(source, version);
    }
    const version = setDefault && target(setDefault);
    if (version !== undefined) {
      await retrying(() => writer.setDefault(region, template.id, version));
      defaultVersion = version;
    }
    for (const [group, ofGroup] of groupBy(moves, (move) => move.group)) {
      const versionFor = (reference: TemplateReference) => {
        const isOfTemplate = reference.templateId === template.id || reference.templateName === template.name;
        const move = isOfTemplate ? ofGroup.find(({ from }) => String(from) === reference.version) : undefined;
        const to = move && target(move);
        return to === undefined ? undefined : String(to);
      };
      moved += await retrying(() => groups.move(region, group, versionFor));
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { template, created, moved, defaultVersion, failure: explainError(error) + adviceOn(error) };
  }
  return { template, created, moved, defaultVersion };
}

/**
 * Checks that a new version differs from its source in metadata options alone, before anything is moved to it.
 *
 * @throws FailureError if it does not.
 */
async function check(
  read: () => Promise<readonly TemplateContent[]>,
  version: number,
  source: number,
  time: Time,
): Promise<void> {
  for (let attempt = 1; attempt <= READS; attempt += 1) {
    const contents = await withRetries(read, time);
    const [now, before] = [version, source].map((number) => contents.find((one) => one.version === number));
    if (now !== undefined && now.rest === before?.rest) return;
    if (now !== undefined) {
      throw new FailureError('invalid', `version ${version} differs from ${source} in more than metadata options`);
    }
    await time.sleep(1000 * attempt);
  }
  throw new FailureError('not-visible', `version ${version} was created, and EC2 does not return it yet: run again`);
}
