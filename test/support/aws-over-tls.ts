import { writeFile } from 'node:fs/promises';
import { createServer as createProxy, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';

/** A call of STS or SSO that the server received. */
export interface TlsCall {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

/** STS and SSO over TLS, directly and behind a proxy that leads every host to it. */
export interface TlsAws {
  readonly url: string;
  readonly proxyUrl: string;
  /** PEM file of the certificate that clients have to trust. */
  readonly bundle: string;
  readonly calls: TlsCall[];
  /** The hosts that the proxy was asked for. */
  readonly proxied: string[];
  close(): Promise<void>;
}

const HOSTS = [
  'localhost',
  '*.amazonaws.com',
  '*.sso.us-east-1.amazonaws.com',
  '*.us-east-1.amazonaws.com',
  '*.eu-west-1.amazonaws.com',
  '*.eu-west-1.api.aws',
];

/** Starts both on free ports. @param folder for the certificate. */
export async function startAwsOverTls(folder: string): Promise<TlsAws> {
  const altNames = HOSTS.map((value) => ({ type: 2 as const, value }));
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  const bundle = join(folder, 'bundle.pem');
  await writeFile(bundle, cert);
  const calls: TlsCall[] = [];
  const proxied: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    void text(request).then((body) => {
      const { headers, url: path = '' } = request;
      const call = { host: headers.host ?? '', path, headers, form: new URLSearchParams(body) };
      calls.push(call);
      response.end(path.startsWith('/federation') ? SSO_CREDENTIALS : answerOf(call.form.get('Action') ?? ''));
    });
  });
  const port = await listen(server);
  const proxy = createProxy();
  proxy.on('connect', (request, client) => {
    proxied.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  });
  const proxyPort = await listen(proxy);
  return {
    url: `https://localhost:${port}`,
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    bundle,
    calls,
    proxied,
    close: async () => {
      for (const one of [server, proxy]) {
        one.closeAllConnections();
        await new Promise((closed) => one.close(closed));
      }
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return (server.address() as AddressInfo).port;
}

const CREDENTIALS = { accessKeyId: 'AKIASSO', secretAccessKey: 's', sessionToken: 't', expiration: 4_102_444_800_000 };
const SSO_CREDENTIALS = JSON.stringify({ roleCredentials: CREDENTIALS });

function answerOf(action: string): string {
  if (action === 'GetCallerIdentity') {
    return '<R><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></R>';
  }
  const parts = ['AccessKeyId>AKIAROLE', 'SecretAccessKey>s', 'SessionToken>t', 'Expiration>2100-01-01T00:00:00Z'];
  const credentials = parts.map((part) => `<${part}</${part.split('>')[0] ?? ''}>`).join('');
  return `<R><${action}Result><Credentials>${credentials}</Credentials></${action}Result></R>`;
}
