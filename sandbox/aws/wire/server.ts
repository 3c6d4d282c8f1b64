import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, ConnectionReset, NoAnswer } from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { Protocol } from './protocol.ts';
import { PROTOCOLS } from './protocols.ts';

const LOOPBACK = '127.0.0.1';

/** The HTTP endpoint of the local AWS: every service and region behind one loopback address. */
export class HttpServer {
  readonly #server: Server;
  readonly #gateway: Gateway;
  readonly #homeRegion: string;
  readonly #onDefect: (error: unknown) => void;
  readonly #pages: Readonly<Record<string, () => string>>;

  /** @param pages HTML pages by path. */
  public constructor(
    gateway: Gateway,
    homeRegion: string,
    onDefect: (error: unknown) => void,
    pages: Readonly<Record<string, () => string>> = {},
  ) {
    this.#pages = pages;
    this.#gateway = gateway;
    this.#homeRegion = homeRegion;
    this.#onDefect = onDefect;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy();
        onDefect(error);
      });
    });
  }

  /** @param port 0 for any free port. */
  public async start(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, LOOPBACK, resolve);
    });
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  public async stop(): Promise<void> {
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await stopped;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request).catch(() => undefined); // the caller may be killed while it writes
    if (body === undefined) return;
    const page = request.method === 'GET' ? this.#pages[request.url ?? ''] : undefined;
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page());
      return;
    }
    const target = header(request, 'x-amz-target');
    const scope = scopeOf(request) ?? {
      service: serviceOf(target, body),
      region: this.#homeRegion,
      accessKeyId: 'anonymous',
    };
    const protocol = PROTOCOLS[scope.service];
    if (protocol === undefined) {
      response.writeHead(404).end(`the local AWS has no service "${scope.service}"\n`);
      return;
    }
    const send = (status: number, requestId: string, text: string, headers: Record<string, string> = {}) => {
      if (!response.writable) return;
      response.writeHead(status, { 'content-type': protocol.contentType, 'x-amzn-requestid': requestId, ...headers });
      response.end(text);
    };
    try {
      const { method = '', url = '' } = request;
      const read = protocol.request({ method, url, target, body });
      const userAgent = header(request, 'user-agent') ?? '';
      const { requestId, result } = await this.#gateway.call({ ...scope, ...read, userAgent });
      send(200, requestId, protocol.answer(read.action, requestId, result));
    } catch (error) {
      this.#sendError(error, protocol, response, send);
    }
  }

  #sendError(
    error: unknown,
    protocol: Protocol,
    response: ServerResponse,
    send: (status: number, requestId: string, text: string, headers?: Record<string, string>) => void,
  ): void {
    if (error instanceof NoAnswer) return; // the caller waits until its own timeout or end
    if (error instanceof ConnectionReset) {
      response.socket?.resetAndDestroy();
      return;
    }
    if (!(error instanceof ApiError)) this.#onDefect(error);
    const apiError =
      error instanceof ApiError
        ? error
        : new ApiError('InternalFailure', `defect of the local AWS: ${String(error)}`, 500);
    const requestId = 'requestId' in apiError ? String(apiError.requestId) : 'none';
    const { body, headers } = protocol.error(requestId, apiError);
    send(apiError.status, requestId, body, headers);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html: the credential scope. */
function scopeOf(request: IncomingMessage) {
  const scope = /Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    header(request, 'authorization') ?? '',
  );
  const [, accessKeyId, region, service] = scope ?? [];
  return accessKeyId !== undefined && region !== undefined && service !== undefined
    ? { accessKeyId, region, service }
    : undefined;
}

/** The service of an unsigned request, by its action. */
function serviceOf(target: string | undefined, body: string): string {
  if (target?.startsWith('AmazonSQS.') === true) return 'sqs';
  const action = new URLSearchParams(body).get('Action') ?? '';
  if (action === 'GetCallerIdentity') return 'sts';
  return /Publish|Topic/.test(action) ? 'sns' : 'ec2';
}
