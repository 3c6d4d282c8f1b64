import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { FunctionSettings } from './function.ts';
import type { EventSourceMapping, Functions } from './functions.ts';

const LARGEST_PAGE = 100;

/** Read-only Lambda API. Functions are invoked by event source mappings only. */
export class LambdaService implements Service {
  readonly #functions: () => Functions | undefined;

  public constructor(functions: () => Functions | undefined) {
    this.#functions = functions;
  }

  public handle({ action, params, region }: ApiCall): ResponseValue {
    switch (action) {
      case 'GetFunction':
        return { Configuration: configuration(this.#find(params, region)), Code: { RepositoryType: 'S3' }, Tags: {} };
      case 'GetFunctionConfiguration':
        return configuration(this.#find(params, region));
      case 'ListEventSourceMappings':
        return this.#mappings(params, region);
      default:
        throw new ApiError('UnknownOperationException', `The local AWS has no lambda:${action}`, 404);
    }
  }

  /** A function by name, ARN or partial ARN. */
  #find(params: Params, region: string): FunctionSettings {
    const wanted = text(params, 'FunctionName') ?? '';
    const name =
      wanted
        .replace(/:\$LATEST$/, '')
        .split(':')
        .at(-1) ?? '';
    const all =
      this.#functions()
        ?.all()
        .map((host) => host.settings) ?? [];
    const found = all.find((settings) => settings.name === name && settings.region === region);
    if (found !== undefined && (!wanted.startsWith('arn:') || wanted.startsWith(found.arn))) return found;
    throw new ApiError('ResourceNotFoundException', `Function not found: ${wanted}`, 404);
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

const mappingShape = ({
  id,
  queueArn,
  functionArn,
  enabled,
  settings,
  createdAt,
}: EventSourceMapping): ResponseValue => ({
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
