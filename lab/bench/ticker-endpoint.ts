import { createServer as createHttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { AddressInfo } from 'node:net';

/**
 * Options of a process that imitates the backends of the ticker on loopback: the table, in which every connection has
 * subscribed to every symbol, and the `@connections` API. The process grants every claim, because only one run is measured at
 * a time, and stores only the received messages.
 */
export interface EndpointOptions {
  readonly connections: number;
  readonly symbols: number;
  /** Milliseconds until the answer to a message. */
  readonly latencyMs: number;
  /** Key and certificate in PEM. @default plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Received {
  /** Number of messages of each connection. */
  readonly messages: readonly number[];
  /** Numbers of the periods with at least one message. */
  readonly sequences: readonly number[];
}

/** DynamoDB ends a page at 1 MB of items, independent of the projection. */
const PAGE_BYTES = 1_048_576;

function endpoint({ connections, symbols, latencyMs, tls }: EndpointOptions): void {
  const ids = Array.from({ length: connections }, (_, index) => idOf(index));
  const names = Array.from({ length: symbols }, (_, index) => `S${String(index).padStart(3, '0')}`);
  const messages = new Array<number>(connections).fill(0);
  const sequences = new Set<number>();
  const pages = new Map<string, readonly string[]>();

  /** Returns the pages of a query as JSON. They are cached, because this process is not measured. */
  function pagesOf(pk: string, projection: string | undefined): readonly string[] {
    const key = `${pk} ${projection}`;
    const cached = pages.get(key);
    if (cached) return cached;
    const items = (pk === 'SYMBOLS' ? names : ids.map((id) => `CONNECTION#${id}`)).map((sk) => ({
      pk: { S: pk },
      sk: { S: sk },
      ...(pk === 'SYMBOLS' && { askedAt: { N: String(Date.now()) } }),
      expiresAt: { N: String(Math.floor(Date.now() / 1_000) + 7_200) },
    }));
    const attributes = projection?.split(/,\s*/);
    const perPage = Math.floor(PAGE_BYTES / (pk.length + (items[0]?.sk.S.length ?? 0) + 25));
    const result: string[] = [];
    for (let from = 0; from < Math.max(1, items.length); from += perPage) {
      const page = items.slice(from, from + perPage);
      const Items = page.map((item) =>
        attributes ? Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name))) : item,
      );
      const more = from + perPage < items.length;
      const LastEvaluatedKey = more ? { pk: { S: pk }, sk: { S: String(from + perPage) } } : undefined;
      result.push(JSON.stringify({ Items, Count: Items.length, ScannedCount: Items.length, LastEvaluatedKey }));
    }
    pages.set(key, result);
    return result;
  }

  function answerTable(operation: string, body: string): string {
    // Claims, releases of claims and removals of old items always succeed.
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
      // A client that has given up has not received the answer.
      if (response.destroyed || request.socket.destroyed) return;
      const index = indexOf(decodeURIComponent((request.url ?? '').split('/').at(-1) ?? ''));
      messages[index] = (messages[index] ?? 0) + 1;
      sequences.add(Number(/"sequence":(\d+)/.exec(body)?.[1]));
      response.end();
    }, latencyMs);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) =>
    // A ticker that gives up a message closes its connection.
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

/** Returns the id of a connection, with the length and the base64 of ids from API Gateway: `L0SM9cOFvHcCIhw=`. */
function idOf(index: number): string {
  return Buffer.from(String(index).padStart(11, '0')).toString('base64');
}

function indexOf(id: string): number {
  return Number(Buffer.from(id, 'base64').toString());
}

process.once('message', endpoint);
