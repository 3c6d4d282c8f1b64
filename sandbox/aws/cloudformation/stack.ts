import type { Intrinsics } from './intrinsics.ts';
import type { Template } from './template.ts';
import { text } from '../wire/params.ts';

/** A deployed stack, as CloudFormation describes it. */
export interface DeployedStack {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly description?: string;
  /** Simulated milliseconds since 1970. */
  readonly createdAt: number;
  readonly parameters: readonly { readonly key: string; readonly value: string }[];
  readonly outputs: readonly StackOutput[];
  readonly resources: readonly StackResource[];
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** Describes a stack after its deployment. */
export function deployedStack(
  template: Template,
  intrinsics: Intrinsics,
  { name, region, createdAt }: Pick<DeployedStack, 'name' | 'region' | 'createdAt'>,
): DeployedStack {
  const outputs = Object.entries(template.Outputs ?? {}).map(([key, output]): StackOutput => {
    const read = intrinsics.resolve(output, `Outputs.${key}`);
    const description = text(read, 'Description');
    return { key, value: text(read, 'Value') ?? '', description, exportName: text(read, 'Export', 'Name') };
  });
  return {
    id: String(intrinsics.resolve({ Ref: 'AWS::StackId' }, name)),
    name,
    region,
    description: template.Description,
    createdAt,
    parameters: Object.entries(template.Parameters ?? {}).map(([key, { Default }]) => ({
      key,
      value: String(Default),
    })),
    outputs,
    resources: Object.entries(template.Resources ?? {}).map(([logicalId, { Type: type }]) => ({
      logicalId,
      physicalId: intrinsics.physicalIdOf(logicalId),
      type,
    })),
  };
}
