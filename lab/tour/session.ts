import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { AwsClient } from 'aws4fetch';
import { WebSocket } from 'ws';
import { Failure } from '../../ops/kit/language';
import { messages as texts } from './messages';
import { Signer } from './request';

/** The WebSocket API of a deployment, with its ticker and its table. */
export interface Sessions {
  open(signature?: Signature): Promise<Session>;
  /** Starts a run of the ticker, as its schedule does, and waits for its end. @throws if the run fails */
  tick(ticks: number): Promise<void>;
  /** Ids of the connections that have subscribed to a symbol, from the table. */
  subscribersOf(symbol: string): Promise<readonly string[]>;
  /** Tells whether the table contains a connection. */
  isConnected(id: string): Promise<boolean>;
}

/** A connection to the WebSocket API, with all messages that it has received. */
export interface Session {
  readonly messages: readonly Received[];
  send(message: unknown): void;
  /** The next message of a type that no earlier call returned. @throws if no message arrives in time */
  next(type: string, milliseconds?: number): Promise<Received>;
  close(): Promise<void>;
}

/** A message of the API, and the time of its receipt (milliseconds, `performance.now`). */
export interface Received {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly at: number;
}

/** Error for a connection that the API refused. */
export class Refused extends Failure {
  constructor(readonly status: number) {
    super(texts.refusedWith({ status }));
  }
}

export type Signature = 'valid' | 'none';

/** Timeout for one answer in milliseconds, a cold start included. */
const ANSWER_MS = 10_000;

/**
 * Connects to the WebSocket API at `url`. The query is signed by SigV4, because a browser cannot send signed headers.
 *
 * @throws Refused if the API answers with a status instead
 */
export async function openSession(url: string, signer: Signer, signature: Signature = 'valid'): Promise<Session> {
  const client = new AwsClient({ ...signer, service: 'execute-api' });
  // aws4fetch signs http(s) URLs only. The scheme is not part of the signature.
  const http = url.replace(/^ws/, 'http');
  const target = signature === 'none' ? http : (await client.sign(http, { aws: { signQuery: true } })).url;
  const socket = new WebSocket(target.replace(/^http/, 'ws'));
  const messages: Received[] = [];
  const waiting = new Set<() => void>();
  const taken = new Set<Received>();

  socket.on('message', (data) => {
    const body: unknown = JSON.parse(data.toString());
    const fields = typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {};
    messages.push({ type: String(fields['type']), body: fields, at: performance.now() });
    for (const look of waiting) look();
  });
  await new Promise<void>((opened, failed) => {
    socket.once('open', opened);
    socket.once('error', failed);
    socket.once('unexpected-response', (_, response) => failed(new Refused(response.statusCode ?? 0)));
  });
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  socket.on('error', () => undefined);

  return {
    messages,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: (type, milliseconds = ANSWER_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const last = messages.at(-1);
          reject(new Failure(texts.noReply({ type, milliseconds, last: JSON.stringify(last?.body) ?? '' })));
        }, milliseconds);
        function look(): void {
          const found = messages.find((message) => message.type === type && !taken.has(message));
          if (found === undefined) return;
          taken.add(found);
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        }
        waiting.add(look);
        look();
      }),
    close: async () => {
      socket.close();
      await closed;
    },
  };
}

/** @param url address of the API, which differs from the stack output on a local endpoint */
export function sessionsOf(
  { tableName, tickerFunctionName }: { readonly tableName: string; readonly tickerFunctionName: string },
  url: string,
  signer: Signer,
): Sessions {
  const { region } = signer;
  const dynamodb = new DynamoDBClient({ region });
  const lambda = new LambdaClient({ region });
  return {
    open: (signature) => openSession(url, signer, signature),
    async tick(ticks) {
      const Payload = JSON.stringify({ ticks });
      const run = await lambda.send(new InvokeCommand({ FunctionName: tickerFunctionName, Payload }));
      if (run.FunctionError !== undefined)
        throw new Failure(texts.tickerFailed({ reason: String(Buffer.from(run.Payload ?? [])) }));
    },
    async subscribersOf(symbol) {
      const { Items = [] } = await dynamodb.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: `SYMBOL#${symbol}` } },
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => (item['sk']?.S ?? '').slice('CONNECTION#'.length));
    },
    async isConnected(id) {
      const Key = { pk: { S: `CONNECTION#${id}` }, sk: { S: 'CONNECTION' } };
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }));
      return Item !== undefined;
    },
  };
}
