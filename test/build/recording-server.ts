import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Recorded {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RecordingServer {
  readonly url: string;
  /** Returns the requests since the last call. */
  take(): Recorded[];
  close(): Promise<void>;
}

/** An HTTP server on loopback that records every request and responds by a function. */
export async function startRecordingServer(answer: (request: Recorded) => Answer): Promise<RecordingServer> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const recorded = { method: request.method, path: request.url, headers: request.headers, body };
      requests.push(recorded);
      const { status, headers, body: answered } = answer(recorded);
      response.writeHead(status, headers).end(answered);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => requests.splice(0),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
