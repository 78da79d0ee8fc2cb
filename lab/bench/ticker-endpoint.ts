import { createServer as createHttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { AddressInfo } from 'node:net';

/**
 * What the ticker talks to, played on loopback in a process of its own: the table, in which every connection has
 * subscribed to every symbol, and the `@connections` API. It grants each claim, as one run is measured at a time, and
 * keeps no state but what was received.
 */
export interface EndpointOptions {
  readonly connections: number;
  readonly symbols: number;
  /** Milliseconds after which a message is answered. */
  readonly latencyMs: number;
  /** Key and certificate in PEM. Plain HTTP without. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Received {
  /** Messages that each connection got. */
  readonly messages: readonly number[];
  /** Numbers of the periods of which at least one message came. */
  readonly sequences: readonly number[];
}

/** DynamoDB ends a page at 1 MB of items, whatever is projected of them. */
const PAGE_BYTES = 1_048_576;

function endpoint({ connections, symbols, latencyMs, tls }: EndpointOptions): void {
  const ids = Array.from({ length: connections }, (_, index) => idOf(index));
  const names = Array.from({ length: symbols }, (_, index) => `S${String(index).padStart(3, '0')}`);
  const messages = new Array<number>(connections).fill(0);
  const sequences = new Set<number>();
  const pages = new Map<string, readonly string[]>();

  /** The pages of a query as JSON, made once: here is not what is measured. */
  function pagesOf(pk: string, projection: string | undefined): readonly string[] {
    const key = `${pk} ${projection}`;
    const made = pages.get(key);
    if (made) return made;
    const items = (pk === 'SYMBOLS' ? names : ids.map((id) => `CONNECTION#${id}`)).map((sk) => ({
      pk: { S: pk },
      sk: { S: sk },
      ...(pk === 'SYMBOLS' && { askedAt: { N: String(Date.now()) } }),
      expiresAt: { N: String(Math.floor(Date.now() / 1_000) + 7_200) },
    }));
    const wanted = projection?.split(/,\s*/);
    const perPage = Math.floor(PAGE_BYTES / (pk.length + (items[0]?.sk.S.length ?? 0) + 25));
    const result: string[] = [];
    for (let from = 0; from < Math.max(1, items.length); from += perPage) {
      const page = items.slice(from, from + perPage);
      const Items = page.map((item) =>
        wanted ? Object.fromEntries(Object.entries(item).filter(([name]) => wanted.includes(name))) : item,
      );
      const more = from + perPage < items.length;
      const LastEvaluatedKey = more ? { pk: { S: pk }, sk: { S: String(from + perPage) } } : undefined;
      result.push(JSON.stringify({ Items, Count: Items.length, ScannedCount: Items.length, LastEvaluatedKey }));
    }
    pages.set(key, result);
    return result;
  }

  function answerTable(operation: string, body: string): string {
    // Claims and their release, the removal of what is left: granted.
    if (operation !== 'Query') return '{}';
    const { ExpressionAttributeValues, ProjectionExpression, ExclusiveStartKey } = JSON.parse(body);
    const all = pagesOf(ExpressionAttributeValues[':pk'].S, ProjectionExpression);
    const page = ExclusiveStartKey
      ? all.findIndex((each) => each.includes(`"sk":${JSON.stringify(ExclusiveStartKey.sk)}}}`)) + 1
      : 0;
    return all[page] ?? '{}';
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const target = request.headers['x-amz-target'];
    if (target !== undefined) {
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(answerTable(String(target).split('.')[1] ?? '', body));
      return;
    }
    setTimeout(() => {
      // Who has given up has not received it.
      if (response.destroyed || request.socket.destroyed) return;
      const index = indexOf(decodeURIComponent((request.url ?? '').split('/').at(-1) ?? ''));
      messages[index] = (messages[index] ?? 0) + 1;
      sequences.add(Number(/"sequence":(\d+)/.exec(body)?.[1]));
      response.end();
    }, latencyMs);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) =>
    // A ticker that gives up a message breaks its connection.
    void serve(request, response).catch(() => response.destroy());
  const server = tls ? createHttpsServer({ ...tls }, listener) : createHttpServer(listener);
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('message', (message) => {
    if (message === 'received') process.send?.({ messages, sequences: [...sequences] } satisfies Received);
    else {
      messages.fill(0);
      sequences.clear();
    }
  });
}

/** As long as those of API Gateway, and in base64 as these: `L0SM9cOFvHcCIhw=`. */
function idOf(index: number): string {
  return Buffer.from(String(index).padStart(11, '0')).toString('base64');
}

function indexOf(id: string): number {
  return Number(Buffer.from(id, 'base64').toString());
}

process.once('message', endpoint);
