import ts from 'typescript';

/**
 * Of large structures in responses, the members that functions read; the rest is as if AWS did not send it.
 *
 * The adapters in lambda/adapters/ that read them name the same members. A fleet or a template has dozens more, with
 * structures of their own, which esbuild would keep for the sake of one member.
 */
export const READ_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  ResponseLaunchTemplateData: ['ImageId', 'UserData', 'MetadataOptions', 'TagSpecifications'],
  Image: ['ImageId', 'Name', 'ImdsSupport'],
  FleetData: ['FleetId', 'FleetState', 'Type', 'Tags', 'LaunchTemplateConfigs'],
  FleetLaunchTemplateOverrides: ['ImageId'],
  SpotFleetRequestConfigData: ['Type', 'LaunchTemplateConfigs', 'LaunchSpecifications'],
  SpotFleetLaunchSpecification: ['ImageId', 'UserData'],
  SpotInstanceRequest: ['SpotInstanceRequestId', 'State', 'Type', 'Tags', 'LaunchSpecification'],
  LaunchSpecification: ['ImageId', 'UserData'],
  AutoScalingGroup: [
    ...['AutoScalingGroupName', 'Tags', 'LaunchConfigurationName'],
    ...['LaunchTemplate', 'MixedInstancesPolicy'],
  ],
  MixedInstancesPolicy: ['LaunchTemplate'],
  // Of Auto Scaling, and of Spot Fleet, whose overrides have no AMI.
  LaunchTemplateOverrides: ['LaunchTemplateSpecification', 'ImageId'],
  LaunchConfiguration: ['LaunchConfigurationName', 'ImageId', 'UserData', 'MetadataOptions'],
};

/** Takes unread members away from structures in a schema file of the AWS SDK. What has another form stays as it is. */
export function withoutUnreadMembers(source: string): string {
  const file = (text: string) =>
    ts.createSourceFile('schemas.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  return source.replaceAll(STRUCTURE, (whole, name: string) => {
    const read = Object.hasOwn(READ_MEMBERS, name) ? READ_MEMBERS[name] : undefined;
    const [statement] = read === undefined ? [] : file(whole).statements;
    if (read === undefined || statement === undefined || !ts.isVariableStatement(statement)) return whole;
    const [declaration] = statement.declarationList.declarations;
    const { initializer } = declaration ?? {};
    if (initializer === undefined || !ts.isArrayLiteralExpression(initializer)) return whole;
    const [kind, namespace, id, traits, names, members] = initializer.elements;
    if (!names || !members || !ts.isArrayLiteralExpression(names) || !ts.isArrayLiteralExpression(members))
      return whole;
    const readMembers = names.elements.flatMap((element, index) => {
      const member = members.elements[index];
      const constant = new RegExp(`^const ${element.getText().replace('$', '\\$')} = "(\\w+)";$`, 'm').exec(
        source,
      )?.[1];
      return member !== undefined && constant !== undefined && read.includes(constant)
        ? [[element, member] as const]
        : [];
    });
    const texts = (nodes: readonly ts.Node[]) => `[${nodes.map((node) => node.getText()).join(', ')}]`;
    const parts = [kind, namespace, id, traits].map((node) => node?.getText() ?? '');
    const lists = [texts(readMembers.map(([element]) => element)), texts(readMembers.map(([, member]) => member))];
    return `export var ${name}$ = [${[...parts, ...lists].join(', ')}];`;
  });
}

/** A structure: its kind is 3. */
const STRUCTURE = /^export var (\w+)\$ = \[3,[^;]*\];$/gm;
