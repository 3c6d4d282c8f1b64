import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { isNamed, type StackInput, type Template, TemplateError } from '../aws/cloudformation/template.ts';

/** Paths that can be disabled: the rule of each trigger, and the schedule of the scan. */
const PATHS = [...TRIGGERS.map(({ name, ruleId }) => ({ name, ruleId })), { name: 'scan', ruleId: 'Schedule' }];

const LONGER_NAMES: Readonly<Record<string, string>> = { 'running-state': 'running' };

/** The names that `--without` accepts. */
export const PATH_NAMES: readonly string[] = [...PATHS.map(({ name }) => name), ...Object.keys(LONGER_NAMES)];

/** The paths with these names. */
export const pathsOf = (names: readonly string[]): readonly string[] => names.map((name) => LONGER_NAMES[name] ?? name);

/** Disables the rules of some paths in the stacks. */
export function withoutPaths(stacks: readonly StackInput[], names: readonly string[]): StackInput[] {
  const disabledPaths = PATHS.filter(({ name }) => pathsOf(names).includes(name));
  return stacks.map(({ template, ...stack }) => ({
    ...stack,
    template: disabledPaths.reduce((changed, { ruleId }) => disableRule(changed, ruleId), template),
  }));
}

function disableRule(template: Template, ruleId: string): Template {
  const { Resources = {} } = template;
  const [entry] = Object.entries(Resources).filter(
    ([id, resource]) => resource.Type === 'AWS::Events::Rule' && isNamed(id, resource, ruleId),
  );
  if (entry === undefined) throw new TemplateError(`the stack has no rule ${ruleId}`);
  const [id, rule] = entry;
  const disabled = { ...rule, Properties: { ...rule.Properties, State: 'DISABLED' } };
  return { ...template, Resources: { ...Resources, [id]: disabled } };
}
