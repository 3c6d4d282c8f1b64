import type { Ec2Region } from '../ec2/region.ts';
import { ApiError } from '../wire/errors.ts';
import { at, list, type Params, text } from '../wire/params.ts';
import { invalid } from './context.ts';
import type { AutoScalingRegion } from './group.ts';

/** The forms in which a group refers to what it launches. It has exactly one of them. */
const FORMS = ['LaunchTemplate', 'MixedInstancesPolicy', 'LaunchConfigurationName'] as const;

/** The form of a request, or none. @throws ApiError if it has several. */
export function formOf(params: Params): (typeof FORMS)[number] | undefined {
  const [form, ...others] = FORMS.filter((name) => params[name] !== undefined);
  if (others.length === 0) return form;
  return invalid(
    'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
  );
}

/** Properties without what a group launches, because a request sets something else. */
export const withoutForms = (properties: Params): Params =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !FORMS.some((form) => form === name)));

/**
 * The launch source of a request as the group stores it: references to launch templates have id and name.
 *
 * @throws ApiError if a launch template, version or launch configuration does not exist.
 */
export function checkedSource(params: Params, region: AutoScalingRegion, ec2: Ec2Region): Params {
  const form = formOf(params);
  if (form === undefined) return {};
  if (form === 'LaunchTemplate') return { LaunchTemplate: reference(params.LaunchTemplate, ec2) };
  if (form === 'MixedInstancesPolicy') return { MixedInstancesPolicy: policyOf(params.MixedInstancesPolicy, ec2) };
  const name = text(params, form) ?? '';
  if (region.launchConfigurations.has(name)) return { LaunchConfigurationName: name };
  return invalid(`Launch configuration name not found - A launch configuration with the name: ${name} does not exist`);
}

/** A policy replaces the earlier one as a whole: how much of that one AWS keeps is not documented. */
function policyOf(policy: unknown, ec2: Ec2Region): Params {
  const specification = at(policy, 'LaunchTemplate', 'LaunchTemplateSpecification');
  const Overrides = list(policy, 'LaunchTemplate', 'Overrides').map((override) => ({
    ...(override as Params),
    ...withReference('LaunchTemplateSpecification', at(override, 'LaunchTemplateSpecification'), ec2),
  }));
  return {
    LaunchTemplate: { LaunchTemplateSpecification: reference(specification, ec2), Overrides },
    InstancesDistribution: { ...DISTRIBUTION, ...(at(policy, 'InstancesDistribution') as Params | undefined) },
  };
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html */
const DISTRIBUTION: Params = {
  OnDemandAllocationStrategy: 'prioritized',
  OnDemandBaseCapacity: 0,
  OnDemandPercentageAboveBaseCapacity: 100,
  SpotAllocationStrategy: 'lowest-price',
};

const withReference = (name: string, wanted: unknown, ec2: Ec2Region): Params =>
  wanted === undefined ? {} : { [name]: reference(wanted, ec2) };

/** A reference without a version stays so; it stands for the default version. */
function reference(wanted: unknown, ec2: Ec2Region): Params {
  try {
    const { id, name } = ec2.templates.resolve(wanted).template;
    return { LaunchTemplateId: id, LaunchTemplateName: name, ...versionIn(wanted) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return invalid(`You must use a valid fully-formed launch template. ${error.message}`);
  }
}

const versionIn = (wanted: unknown): Params => {
  const Version = text(wanted, 'Version');
  return Version === undefined ? {} : { Version };
};
