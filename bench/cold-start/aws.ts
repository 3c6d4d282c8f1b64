// cspell:ignore addext keyout paramgen pkeyopt
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

/** The one instance that there is. It stays non-compliant, so that every event has something to change. */
export const INSTANCE = 'i-0a1b2c3d4e5f60718';

interface TlsAws {
  readonly url: string;
  /** PEM file of the certificate that clients have to trust. */
  readonly certificate: string;
  /** Resolves with `performance.now()` when the next change arrives. */
  nextChange(): Promise<number>;
  close(): Promise<void>;
}

/** EC2, SNS and SQS on a loopback port, over TLS as in AWS: without it Node loads other modules, and no certificates. */
export async function startTlsAws(folder: string): Promise<TlsAws> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-nodes', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [...request, ...names, '-keyout', key, '-out', certificate]);
  let changed: ((at: number) => void) | undefined;
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) => {
    const at = performance.now();
    void text(request).then((body) => {
      if (body.startsWith('{')) {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(answerSqs(body));
        return;
      }
      const action = new URLSearchParams(body).get('Action') ?? '';
      if (action === 'ModifyInstanceMetadataOptions') changed?.(at);
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(`<${action}Response>${ANSWERS[action]?.()}</${action}Response>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    nextChange: () => new Promise((resolve) => (changed = resolve)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ANSWERS: Readonly<Record<string, () => string>> = {
  DescribeInstances: () => `<reservationSet><item><ownerId>111122223333</ownerId><instancesSet><item>
    <instanceId>${INSTANCE}</instanceId><instanceState><code>16</code><name>running</name></instanceState>
    <launchTime>${new Date().toISOString()}</launchTime><tagSet/>
    <networkInterfaceSet><item><attachment><deviceIndex>0</deviceIndex><attachTime>${new Date().toISOString()}</attachTime>
    </attachment></item></networkInterfaceSet>
    <metadataOptions>${optionsWith('optional')}</metadataOptions></item></instancesSet></item></reservationSet>`,
  ModifyInstanceMetadataOptions: () =>
    `<instanceId>${INSTANCE}</instanceId><instanceMetadataOptions>${optionsWith('required')}</instanceMetadataOptions>`,
  Publish: () => '<PublishResult><MessageId>m-1</MessageId></PublishResult>',
};

const optionsWith = (httpTokens: string): string =>
  `<state>applied</state><httpTokens>${httpTokens}</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit>
   <httpEndpoint>enabled</httpEndpoint>`;

/** Every message of a batch is accepted. The SDK refuses a digest that is not the message's. */
function answerSqs(body: string): string {
  const { Entries = [] } = JSON.parse(body) as { Entries?: { Id: string; MessageBody: string }[] };
  const Successful = Entries.map(({ Id, MessageBody }) => {
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
    return { Id, MessageId: Id, MD5OfMessageBody };
  });
  return JSON.stringify({ Successful });
}
