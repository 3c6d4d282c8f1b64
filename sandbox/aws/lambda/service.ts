import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { at, type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { FunctionSettings } from './function.ts';
import type { EventSourceMapping, Functions } from './functions.ts';
import type { FunctionHost } from './host.ts';

const LARGEST_PAGE = 100;

/** The Lambda API without deployments. Functions are invoked by event source mappings only. */
export class LambdaService implements Service {
  readonly #functions: () => Functions | undefined;

  public constructor(functions: () => Functions | undefined) {
    this.#functions = functions;
  }

  public async handle({ action, params, region }: ApiCall): Promise<ResponseValue> {
    switch (action) {
      case 'GetFunction': {
        const host = this.#find(params, region);
        const Code = { RepositoryType: 'S3' };
        return { Configuration: configuration(host.settings), Code, Concurrency: concurrency(host), Tags: {} };
      }
      case 'GetFunctionConfiguration':
        return configuration(this.#find(params, region).settings);
      case 'UpdateFunctionConfiguration':
        return this.#update(this.#find(params, region), params);
      case 'DeleteFunction':
        await this.#functions()?.delete(this.#find(params, region));
        return {};
      case 'GetFunctionConcurrency':
        return concurrency(this.#find(params, region)) ?? {};
      case 'PutFunctionConcurrency':
      case 'DeleteFunctionConcurrency': {
        const host = this.#find(params, region);
        const reserved = text(params, 'ReservedConcurrentExecutions');
        host.reserved = action === 'PutFunctionConcurrency' ? Number(reserved) : undefined;
        this.#functions()?.connect();
        return concurrency(host) ?? {};
      }
      case 'UpdateEventSourceMapping': {
        const mapping = this.#mapping(params);
        mapping.enabled = text(params, 'Enabled') === undefined ? mapping.enabled : text(params, 'Enabled') === 'true';
        this.#functions()?.connect();
        return mappingShape(mapping);
      }
      case 'DeleteEventSourceMapping': {
        const mapping = this.#mapping(params);
        this.#functions()?.deleteMapping(mapping);
        return { ...mappingShape(mapping), State: 'Deleting' };
      }
      case 'ListEventSourceMappings':
        return this.#mappings(params, region);
      default:
        throw new ApiError('UnknownOperationException', `The local AWS has no lambda:${action}`, 404);
    }
  }

  /** A function by name, ARN or partial ARN. */
  #find(params: Params, region: string): FunctionHost {
    const wanted = text(params, 'FunctionName') ?? '';
    const name =
      wanted
        .replace(/:\$LATEST$/, '')
        .split(':')
        .at(-1) ?? '';
    const all = this.#functions()?.all() ?? [];
    const found = all.find(({ settings }) => settings.name === name && settings.region === region);
    if (found !== undefined && (!wanted.startsWith('arn:') || wanted.startsWith(found.settings.arn))) return found;
    throw new ApiError('ResourceNotFoundException', `Function not found: ${wanted}`, 404);
  }

  /** Environment variables are replaced as a whole. */
  async #update(host: FunctionHost, params: Params): Promise<ResponseValue> {
    const { settings } = host;
    const [variables, role] = [at(params, 'Environment', 'Variables'), text(params, 'Role')];
    if (variables !== undefined) settings.environment = variables as Record<string, string>;
    if (role !== undefined) {
      settings.roleArn = `arn:aws:sts::${role.split(':')[4] ?? ''}:assumed-role/${role.split('/').at(-1) ?? ''}/${settings.name}`;
      if (settings.about !== undefined) settings.about.executionRoleArn = role;
    }
    await host.restart();
    return configuration(settings);
  }

  #mapping(params: Params): EventSourceMapping {
    const id = text(params, 'UUID');
    const mapping = this.#functions()?.mappings.find((one) => one.id === id);
    if (mapping !== undefined) return mapping;
    throw new ApiError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
  }

  #mappings(params: Params, region: string): ResponseValue {
    const [queue, of] = [text(params, 'EventSourceArn'), text(params, 'FunctionName')];
    const all = (this.#functions()?.mappings ?? []).filter(
      ({ queueArn, functionArn }) =>
        functionArn.split(':')[3] === region &&
        (queue === undefined || queueArn === queue) &&
        (of === undefined || functionArn === of || functionArn.endsWith(`:${of}`)),
    );
    const size = Math.min(Number(text(params, 'MaxItems') ?? LARGEST_PAGE), LARGEST_PAGE);
    const { items, nextToken } = page(all, size, text(params, 'Marker'), 'InvalidParameterValueException');
    return { EventSourceMappings: items.map(mappingShape), NextMarker: nextToken };
  }
}

function configuration(settings: FunctionSettings): Record<string, ResponseValue> {
  const { name, arn, about, handler, bundle, timeoutSeconds, memoryMb, environment } = settings;
  const code = readFileSync(bundle);
  return {
    FunctionName: name,
    FunctionArn: arn,
    Runtime: about?.runtime,
    Role: about?.executionRoleArn,
    Handler: handler,
    CodeSize: code.length,
    CodeSha256: createHash('sha256').update(code).digest('base64'),
    Description: about?.description ?? '',
    Timeout: timeoutSeconds,
    MemorySize: memoryMb,
    LastModified: about?.lastModified.toISOString().replace('Z', '+0000'),
    Version: '$LATEST',
    Environment: { Variables: environment },
    TracingConfig: { Mode: 'PassThrough' },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [about?.architecture ?? 'x86_64'],
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: about?.logFormat ?? 'Text', LogGroup: settings.logGroup },
  };
}

const concurrency = ({ reserved }: FunctionHost): { readonly ReservedConcurrentExecutions: number } | undefined =>
  reserved === undefined ? undefined : { ReservedConcurrentExecutions: reserved };

const mappingShape = ({ id, queueArn, functionArn, enabled, settings, createdAt }: EventSourceMapping) => ({
  UUID: id,
  BatchSize: settings.batchSize,
  MaximumBatchingWindowInSeconds: settings.windowSeconds,
  EventSourceArn: queueArn,
  FunctionArn: functionArn,
  LastModified: new Date(createdAt),
  State: enabled ? 'Enabled' : 'Disabled',
  StateTransitionReason: 'USER_INITIATED',
  FunctionResponseTypes: settings.partialFailures ? ['ReportBatchItemFailures'] : [],
  ScalingConfig: { MaximumConcurrency: settings.maxConcurrency },
});
