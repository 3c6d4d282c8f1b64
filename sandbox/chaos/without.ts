import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { isNamed, type StackInput, type Template, TemplateError } from '../aws/cloudformation/template.ts';

/** What can be taken away: the rule of each trigger, and the schedule of the scan. */
const PATHS = [...TRIGGERS.map(({ name, ruleId }) => ({ name, ruleId })), { name: 'scan', ruleId: 'Schedule' }];

const LONGER_NAMES: Readonly<Record<string, string>> = { 'running-state': 'running' };

/** What `--without` takes: the triggers, the scan, and the longer name of one of them. */
export const PATH_NAMES: readonly string[] = [...PATHS.map(({ name }) => name), ...Object.keys(LONGER_NAMES)];

/** The paths that these names stand for. */
export const pathsOf = (names: readonly string[]): readonly string[] => names.map((name) => LONGER_NAMES[name] ?? name);

/** Stacks in which the rules of some paths are switched off. */
export function withoutPaths(stacks: readonly StackInput[], names: readonly string[]): StackInput[] {
  const gone = PATHS.filter(({ name }) => pathsOf(names).includes(name));
  return stacks.map(({ template, ...stack }) => ({
    ...stack,
    template: gone.reduce((left, { ruleId }) => switchOff(left, ruleId), template),
  }));
}

function switchOff(template: Template, ruleId: string): Template {
  const { Resources = {} } = template;
  const [found] = Object.entries(Resources).filter(
    ([id, resource]) => resource.Type === 'AWS::Events::Rule' && isNamed(id, resource, ruleId),
  );
  if (found === undefined) throw new TemplateError(`the stack has no rule ${ruleId}`);
  const [id, rule] = found;
  const off = { ...rule, Properties: { ...rule.Properties, State: 'DISABLED' } };
  return { ...template, Resources: { ...Resources, [id]: off } };
}
