import { uuidOf } from '../simulation/ids.ts';
import { type Resource, type Template, TemplateError } from './template.ts';

/** What references of a stack resolve to. */
export interface IntrinsicsContext {
  readonly account: string;
  readonly region: string;
  readonly stackName: string;
  /** URL of a queue by its ARN. */
  readonly queueUrl: (name: string) => string;
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/reference_limits, name lengths of the services
const LONGEST_NAME: Readonly<Record<string, number>> = {
  'AWS::SQS::Queue': 80,
  'AWS::Lambda::Function': 64,
  'AWS::Events::Rule': 64,
  'AWS::IAM::Role': 64,
  'AWS::SNS::Topic': 256,
  'AWS::Events::EventBus': 256,
};

/** The property with which a template may name a resource. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Logs::LogGroup': 'LogGroupName',
};

type Functions = Readonly<Record<string, (operand: unknown, where: string) => unknown>>;

/**
 * Resolves references of a template to names, ARNs and URLs of the local AWS.
 *
 * Unsupported ones are errors.
 */
export class Intrinsics {
  readonly #template: Template;
  readonly #context: IntrinsicsContext;
  readonly #functions: Functions;

  public constructor(template: Template, context: IntrinsicsContext) {
    this.#template = template;
    this.#context = context;
    this.#functions = {
      Ref: (operand, where) => this.#ref(String(operand), where),
      'Fn::GetAtt': (operand, where) =>
        this.#getAtt(Array.isArray(operand) ? operand.join('.') : String(operand), where),
      'Fn::Join': (operand, where) => this.#join(operand, where),
      'Fn::Sub': (operand, where) => this.#sub(operand, where),
      'Fn::Select': (operand, where) => this.#select(operand, where),
      'Fn::Split': (operand, where) => this.#split(operand, where),
    };
  }

  /** Resolves every reference in a value. */
  public resolve(value: unknown, where: string): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.resolve(item, `${where}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    const [[name, operand] = ['', undefined], ...more] = Object.entries(value);
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
      const resolve = this.#functions[name];
      if (resolve === undefined) throw new TemplateError(`${where}: the local AWS does not support ${name}`);
      return resolve(operand, where);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(item, `${where}.${key}`)]));
  }

  /** The name of a resource: as CloudFormation generates it, but without the random suffix. */
  public nameOf(id: string): string {
    const { Type, Properties = {} } = this.#resource(id, id);
    const property = NAME_PROPERTY[Type];
    const given = property === undefined ? undefined : this.resolve(Properties[property], `${id}.${property}`);
    if (typeof given === 'string') return given;
    const suffix = Type === 'AWS::SQS::Queue' && String(Properties.FifoQueue) === 'true' ? '.fifo' : '';
    return `${this.#context.stackName}-${id}`.slice(0, (LONGEST_NAME[Type] ?? Infinity) - suffix.length) + suffix;
  }

  /** The physical id of a resource, which is what `Ref` returns. */
  public physicalIdOf(id: string): string {
    return String(this.#ref(id, id));
  }

  public arnOf(id: string, where = id): string {
    const { account, region } = this.#context;
    const { Type, Properties = {} } = this.#resource(id, where);
    const name = this.nameOf(id);
    switch (Type) {
      case 'AWS::SQS::Queue':
        return `arn:aws:sqs:${region}:${account}:${name}`;
      case 'AWS::SNS::Topic':
        return `arn:aws:sns:${region}:${account}:${name}`;
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${region}:${account}:function:${name}`;
      case 'AWS::Events::EventBus':
        return `arn:aws:events:${region}:${account}:event-bus/${name}`;
      case 'AWS::Events::Rule': {
        const bus = this.resolve(Properties.EventBusName, `${id}.EventBusName`);
        const path = typeof bus === 'string' && bus !== 'default' ? `${bus.split('/').at(-1) ?? ''}/` : '';
        return `arn:aws:events:${region}:${account}:rule/${path}${name}`;
      }
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${account}:role/${name}`;
      case 'AWS::CloudWatch::Alarm':
        return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${region}:${account}:log-group:${name}:*`;
      case 'AWS::KMS::Key':
        return `arn:aws:kms:${region}:${account}:key/${name}`;
      default:
        throw new TemplateError(`${where}: the local AWS supports no ARN of ${id} (${Type})`);
    }
  }

  #resource(id: string, where: string): Resource {
    const resource = this.#template.Resources?.[id];
    if (resource === undefined) throw new TemplateError(`${where}: there is no resource ${id}`);
    return resource;
  }

  #ref(name: string, where: string): unknown {
    const { account, region, stackName, queueUrl } = this.#context;
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/local`,
    };
    if (Object.hasOwn(pseudo, name)) return pseudo[name];
    const parameter = this.#template.Parameters?.[name];
    if (parameter !== undefined) {
      if (parameter.Default === undefined) throw new TemplateError(`${where}: parameter ${name} has no default`);
      return parameter.Default;
    }
    switch (this.#resource(name, where).Type) {
      case 'AWS::SQS::Queue':
        return queueUrl(this.arnOf(name));
      case 'AWS::SNS::Topic':
        return this.arnOf(name);
      case 'AWS::Lambda::EventSourceMapping':
        return uuidOf(account, region, stackName, name);
      case 'AWS::Events::Rule': {
        // On a bus other than the default one it has the form `bus|rule`.
        // https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1131
        const [, bus, rule] = this.arnOf(name).split('/');
        return rule === undefined ? bus : `${bus}|${rule}`;
      }
      default:
        return this.nameOf(name);
    }
  }

  #getAtt(path: string, where: string): unknown {
    const [id = '', attribute = ''] = path.split('.');
    if (/^(Arn|TopicArn)$/.test(attribute)) return this.arnOf(id, where);
    if (/^(QueueName|TopicName|Name)$/.test(attribute)) return this.nameOf(id);
    throw new TemplateError(`${where}: the local AWS supports no attribute ${attribute} of ${id}`);
  }

  #join(operand: unknown, where: string): string {
    const [separator, parts] = operand as [string, unknown];
    return (this.resolve(parts, where) as unknown[]).map(String).join(separator);
  }

  #sub(operand: unknown, where: string): string {
    const [text, variables] = (Array.isArray(operand) ? operand : [operand, {}]) as [string, Record<string, unknown>];
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return String(this.resolve(variables[name], where));
      return String(name.includes('.') ? this.#getAtt(name, where) : this.#ref(name, where));
    });
  }

  #select(operand: unknown, where: string): unknown {
    const [index, items] = operand as [unknown, unknown];
    return (this.resolve(items, where) as unknown[])[Number(index)];
  }

  #split(operand: unknown, where: string): string[] {
    const [separator, text] = operand as [string, unknown];
    return String(this.resolve(text, where)).split(separator);
  }
}
