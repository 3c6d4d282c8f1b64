import type { FunctionSettings, LogLine } from '../lambda/function.ts';
import { LOG_STREAM } from '../lambda/logs.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { type Params, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { compileFilter, FilterPatternError } from './filter-pattern.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
const MOST_EVENTS = 10_000;
const MOST_GROUPS = 50;
const EVENT_ID_DIGITS = 56;
const INGESTION_MS = 1_000;

/** Read-only CloudWatch Logs API for the logs of the functions. */
export class LogsService implements Service {
  readonly #lines: readonly LogLine[];
  readonly #functions: () => readonly FunctionSettings[];

  public constructor(lines: readonly LogLine[], functions: () => readonly FunctionSettings[]) {
    this.#lines = lines;
    this.#functions = functions;
  }

  public handle({ action, params, region }: ApiCall): ResponseValue {
    switch (action) {
      case 'FilterLogEvents':
        return this.#filter(params, region);
      case 'DescribeLogGroups':
        return this.#describeGroups(params, region);
      default:
        throw new ApiError('InvalidAction', `The local AWS has no logs:${action}`);
    }
  }

  #filter(params: Params, region: string): ResponseValue {
    const group = text(params, 'logGroupName') ?? groupIn(text(params, 'logGroupIdentifier') ?? '');
    const writers = this.#functions().filter((settings) => settings.region === region && settings.logGroup === group);
    if (writers.length === 0) {
      throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    const names = new Set(writers.map(({ name }) => name));
    const [from, to] = [Number(text(params, 'startTime') ?? 0), Number(text(params, 'endTime') ?? Infinity)];
    const matches = filterOf(text(params, 'filterPattern') ?? '');
    const streams = texts(params, 'logStreamNames');
    const prefix = text(params, 'logStreamNamePrefix') ?? '';
    const isSelected = LOG_STREAM.startsWith(prefix) && (streams.length === 0 || streams.includes(LOG_STREAM));
    const lines = [...this.#lines.entries()].filter(
      ([, { functionName, at, text: message }]) =>
        isSelected && names.has(functionName) && at >= from && at <= to && matches(message),
    );
    const size = Math.min(Number(text(params, 'limit') ?? MOST_EVENTS), MOST_EVENTS);
    const { items, nextToken } = page(lines, size, text(params, 'nextToken'), 'InvalidParameterException');
    return { events: items.map(([index, line]) => eventShape(line, index)), searchedLogStreams: [], nextToken };
  }

  #describeGroups(params: Params, region: string): ResponseValue {
    const prefix = text(params, 'logGroupNamePrefix') ?? '';
    const groups = this.#functions().filter(
      ({ logGroup, ...of }) => of.region === region && logGroup.startsWith(prefix),
    );
    const size = Math.min(Number(text(params, 'limit') ?? MOST_GROUPS), MOST_GROUPS);
    const { items, nextToken } = page(groups, size, text(params, 'nextToken'), 'InvalidParameterException');
    const shape = ({ arn, logGroup }: FunctionSettings): ResponseValue => {
      const logGroupArn = `arn:aws:logs:${region}:${arn.split(':')[4] ?? ''}:log-group:${logGroup}`;
      return { logGroupName: logGroup, arn: `${logGroupArn}:*`, logGroupArn, logGroupClass: 'STANDARD' };
    };
    return { logGroups: items.map(shape), nextToken };
  }
}

function filterOf(pattern: string): (message: string) => boolean {
  try {
    return compileFilter(pattern);
  } catch (error) {
    if (error instanceof FilterPatternError) throw new ApiError('InvalidParameterException', error.message);
    throw error;
  }
}

/** The name of a log group, given its ARN or its name. */
const groupIn = (identifier: string): string => identifier.split(':log-group:').at(-1)?.replace(/:\*$/, '') ?? '';

const eventShape = ({ at, text: message }: LogLine, index: number): ResponseValue => ({
  logStreamName: LOG_STREAM,
  timestamp: at,
  message,
  ingestionTime: at + INGESTION_MS,
  eventId: String(index).padStart(EVENT_ID_DIGITS, '0'),
});
