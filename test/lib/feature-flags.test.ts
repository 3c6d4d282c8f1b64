import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CURRENT_VERSION_EXPIRED_FLAGS, FLAGS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdk from '../../cdk.json';
import { actions, newApp, stackOf, statements, templateOf } from './synth.ts';

/** Feature flags that do not have the recommended value in cdk.json, and why. */
const EXCEPTIONS: Readonly<Record<string, unknown>> = {
  // The recommended report omits the source line of a warning, and annotations of level INFO altogether.
  '@aws-cdk/core:annotationsInValidationReport': false,
  // The stacks report no usage data to AWS.
  '@aws-cdk/core:enableAdditionalMetadataCollection': false,
  // GovCloud is supported, too.
  '@aws-cdk/core:target-partitions': ['aws', 'aws-cn', 'aws-us-gov'],
};

it('cdk.json sets all feature flags whose default is not recommended', () => {
  const current = Object.entries(FLAGS).filter(([flag]) => !CURRENT_VERSION_EXPIRED_FLAGS.includes(flag));
  const flags = current.filter(([, { unconfiguredBehavesLike, recommendedValue }]) => {
    return (unconfiguredBehavesLike?.v2 ?? false) !== recommendedValue;
  });
  expect(flags.length).toBeGreaterThan(80);
  expect(cdk.context).toMatchObject(
    Object.fromEntries(flags.map(([flag, { recommendedValue }]) => [flag, EXCEPTIONS[flag] ?? recommendedValue])),
  );
});

describe('in an app without feature flags', () => {
  const settings = { existing: 'enforce', trail: 'create' } as const;
  const stack = stackOf(settings, undefined, newApp({}));

  it('the stack has no cdk-nag findings', () => {
    (stack.node.root as App).synth();
    expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
  });

  it('the roles have the same permissions', () => {
    const permissions = (template: Template) =>
      new Set(
        statements(template.findResources('AWS::IAM::Policy')).flatMap((each) =>
          actions(each).map((action) => `${each.Effect} ${action}`),
        ),
      );
    expect(permissions(Template.fromStack(stack))).toEqual(permissions(templateOf(settings)));
  });
});
