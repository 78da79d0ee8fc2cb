import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  QueryCommandInput,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
  TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

/**
 * State of the sessions, in one table with the keys `pk` and `sk`:
 *
 * | pk                | sk                | attributes                                              | read as
 * | ----------------- | ----------------- | ------------------------------------------------------- | ------------------
 * | `CONNECTION#<id>` | `CONNECTION`      | symbols (set), version, second, messages, expiresAt     | GetItem
 * | `SYMBOL#<symbol>` | `CONNECTION#<id>` | expiresAt                                               | Query of a symbol: who gets its ticks
 * | `SYMBOLS`         | `<symbol>`        | askedAt, expiresAt                                      | Query of all: which symbols are there
 * | `TICKER`          | `LEASE`           | owner, until, sequence                                  | conditional update
 *
 * - A connection knows its symbols, and each symbol its connections: both change in one transaction, which checks the
 *   version of the connection. Nothing is therefore half there, a message during a disconnect finds no connection to
 *   change, and the limit of symbols holds for messages that come at once. A transaction has at most 100 items, one of
 *   which is the connection.
 * - `SYMBOLS` would be in that transaction, too, were it not for its conflicts: everybody who subscribes to the same
 *   symbol writes the same item. So it is written before, and may name a symbol that nobody has subscribed to; the
 *   ticker removes it when nobody has asked for a while that is longer than a handler lives.
 * - No index: both directions are keys of the table, so every read may be a consistent one.
 * - `expiresAt` (TTL) takes what $disconnect, which API Gateway does not promise, has left. DynamoDB may take days for
 *   that, so whoever reads compares it with the clock.
 *
 * `SYMBOLS` is one partition: 1,000 subscriptions a second. Past that, spread it over `SYMBOLS#0` to `SYMBOLS#9`.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
export interface SessionStore {
  connect(id: string): Promise<void>;
  /**
   * Removes a connection and its subscriptions; one that is not there is no error.
   *
   * @param seen symbols of subscriptions that were found: these go even if the connection does not know them or has gone
   */
  disconnect(id: string, seen?: readonly string[]): Promise<void>;
  /** Counts a message of a connection, whose limit is per second of the clock. */
  countMessage(id: string, maxPerSecond: number): Promise<'counted' | 'too many' | 'not connected'>;
  /** All symbols of the connection afterwards, or why nothing was changed. */
  subscribe(id: string, symbols: readonly string[], maxSymbols: number): Promise<Change>;
  unsubscribe(id: string, symbols: readonly string[]): Promise<Change>;

  subscribedSymbols(): Promise<readonly SubscribedSymbol[]>;
  /** Ids of the connections that get the ticks of a symbol. */
  subscribersOf(symbol: string): Promise<readonly string[]>;
  /** Removes a symbol from `subscribedSymbols`, unless somebody has asked for it since it was read. */
  forgetSymbol(symbol: SubscribedSymbol): Promise<void>;
  /**
   * Takes the right to publish a tick: nobody else has it before `until` (milliseconds since 1970), and nobody else ever
   * publishes this one or an earlier one again. An owner asks for each once.
   */
  claim(owner: string, sequence: number, until: number): Promise<boolean>;
  release(owner: string): Promise<void>;
}

export type Change =
  | { readonly symbols: readonly string[] }
  | { readonly refused: 'not connected' | 'too many symbols' };

export interface SubscribedSymbol {
  readonly symbol: string;
  /** Milliseconds since 1970. */
  readonly askedAt: number;
}

interface Connection {
  readonly symbols: readonly string[];
  readonly version: number;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Seconds after which a connection cannot be there any more: API Gateway ends each after two hours.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const LIFE_SECONDS = 2 * 3_600 + 600;

/** Attempts at a transaction that another one of the same connection, or a throttle, has got in the way of. */
const ATTEMPTS = 6;

export interface SessionStoreOptions {
  readonly now?: () => number;
  /** Ends every call that is under way, and those to come, with an error. */
  readonly signal?: AbortSignal;
}

export function sessionStore(
  client: DynamoDBClient,
  tableName: string,
  { now = Date.now, signal }: SessionStoreOptions = {},
): SessionStore {
  const TableName = tableName;
  const abortable = { abortSignal: signal };
  const seconds = () => Math.floor(now() / 1_000);
  const expiresAt = () => number(seconds() + LIFE_SECONDS);

  async function read(id: string): Promise<Connection | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName, Key: connectionKey(id), ConsistentRead: true }),
      abortable,
    );
    if (Item === undefined) return undefined;
    return {
      symbols: Item['symbols']?.SS ?? [],
      version: Number(Item['version']?.N),
      expiresAt: Number(Item['expiresAt']?.N),
    };
  }

  /** Changes a connection with what depends on it, again if others get in between. */
  async function change(
    id: string,
    plan: (connection: Connection) => Promise<{ readonly writes?: TransactWriteItem[]; readonly result: Change }>,
  ): Promise<Change> {
    for (let attempt = 1; ; attempt++) {
      const connection = await read(id);
      if (connection === undefined) return { refused: 'not connected' };
      const { writes, result } = await plan(connection);
      if (writes === undefined) return result;
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems: writes }), abortable);
        return result;
      } catch (error) {
        if (!mayPass(error) || attempt === ATTEMPTS) throw error;
        await pause(attempt);
      }
    }
  }

  async function query(input: Omit<QueryCommandInput, 'TableName'>): Promise<readonly Record<string, Value>[]> {
    const items: Record<string, Value>[] = [];
    let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await client.send(
        new QueryCommand({ TableName, ConsistentRead: true, ExclusiveStartKey, ...input }),
        abortable,
      );
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return items;
  }

  return {
    async connect(id) {
      const item = { version: number(0), second: number(0), messages: number(0), expiresAt: expiresAt() };
      // An attempt that was given up may arrive late: it must not empty a connection that has subscribed since.
      const ConditionExpression = 'attribute_not_exists(pk)';
      await refusedBy(() =>
        client.send(
          new PutItemCommand({ TableName, Item: { ...connectionKey(id), ...item }, ConditionExpression }),
          abortable,
        ),
      );
    },

    async disconnect(id, seen = []) {
      const removed = await change(id, async ({ symbols, version }) => ({
        writes: [
          { Delete: { TableName, Key: connectionKey(id), ...atVersion(version) } },
          ...symbols.map((symbol) => ({ Delete: { TableName, Key: subscriptionKey(symbol, id) } })),
        ],
        result: { symbols },
      }));
      const left = seen.filter((symbol) => !('symbols' in removed && removed.symbols.includes(symbol)));
      await Promise.all(
        left.map((symbol) =>
          refusedBy(() =>
            client.send(new DeleteItemCommand({ TableName, Key: subscriptionKey(symbol, id) }), abortable),
          ),
        ),
      );
    },

    async countMessage(id, maxPerSecond) {
      const common = {
        TableName,
        Key: connectionKey(id),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
      };
      const first = new UpdateItemCommand({
        ...common,
        UpdateExpression: 'SET #second = :second, #messages = :one',
        ConditionExpression: '#second < :second',
        ExpressionAttributeNames: { '#second': 'second', '#messages': 'messages' },
        ExpressionAttributeValues: { ':second': number(seconds()), ':one': number(1) },
      });
      const another = new UpdateItemCommand({
        ...common,
        UpdateExpression: 'SET #messages = #messages + :one',
        ConditionExpression: '#messages < :max',
        ExpressionAttributeNames: { '#messages': 'messages' },
        ExpressionAttributeValues: { ':one': number(1), ':max': number(maxPerSecond) },
      });
      for (const command of [first, another]) {
        const failure = await refusedBy(() => client.send(command, abortable));
        if (failure === undefined) return 'counted';
        if (failure.Item === undefined) return 'not connected';
      }
      return 'too many';
    },

    subscribe(id, symbols, maxSymbols) {
      return change(id, async (connection) => {
        const added = symbols.filter((symbol) => !connection.symbols.includes(symbol));
        const all = [...connection.symbols, ...added];
        if (all.length > maxSymbols) return { result: { refused: 'too many symbols' } };
        if (added.length === 0) return { result: { symbols: all } };
        const asked = { askedAt: number(now()), expiresAt: expiresAt() };
        await Promise.all(
          added.map((symbol) =>
            client.send(new PutItemCommand({ TableName, Item: { ...symbolKey(symbol), ...asked } }), abortable),
          ),
        );
        // With the connection, which nobody could find any more to remove what outlives it.
        const end = number(connection.expiresAt);
        const put = (symbol: string) => ({ ...subscriptionKey(symbol, id), expiresAt: end });
        return {
          writes: [
            { Update: { TableName, ...symbolsUpdate('ADD', id, added, connection.version) } },
            ...added.map((symbol) => ({ Put: { TableName, Item: put(symbol) } })),
          ],
          result: { symbols: all },
        };
      });
    },

    unsubscribe(id, symbols) {
      return change(id, async (connection) => {
        const removed = connection.symbols.filter((symbol) => symbols.includes(symbol));
        const left = connection.symbols.filter((symbol) => !symbols.includes(symbol));
        if (removed.length === 0) return { result: { symbols: left } };
        return {
          writes: [
            { Update: { TableName, ...symbolsUpdate('DELETE', id, removed, connection.version) } },
            ...removed.map((symbol) => ({ Delete: { TableName, Key: subscriptionKey(symbol, id) } })),
          ],
          result: { symbols: left },
        };
      });
    },

    async subscribedSymbols() {
      const items = await query({
        KeyConditionExpression: 'pk = :pk',
        ProjectionExpression: 'sk, askedAt',
        ExpressionAttributeValues: { ':pk': { S: 'SYMBOLS' } },
      });
      return items.map((item) => ({ symbol: item['sk']?.S ?? '', askedAt: Number(item['askedAt']?.N) }));
    },

    async subscribersOf(symbol) {
      const items = await query({
        KeyConditionExpression: 'pk = :pk',
        FilterExpression: 'expiresAt > :now',
        // Reads as much, but with many connections the ticker would spend more time on the rest than on this.
        ProjectionExpression: 'sk',
        ExpressionAttributeValues: { ':pk': { S: `SYMBOL#${symbol}` }, ':now': number(seconds()) },
      });
      return items.map((item) => (item['sk']?.S ?? '').slice('CONNECTION#'.length));
    },

    async forgetSymbol({ symbol, askedAt }) {
      await refusedBy(() =>
        client.send(
          new DeleteItemCommand({
            TableName,
            Key: symbolKey(symbol),
            ConditionExpression: 'askedAt = :askedAt',
            ExpressionAttributeValues: { ':askedAt': number(askedAt) },
          }),
          abortable,
        ),
      );
    },

    async claim(owner, sequence, until) {
      const failure = await refusedBy(() =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: LEASE,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            UpdateExpression: 'SET #owner = :owner, #until = :until, #sequence = :sequence',
            ConditionExpression:
              'attribute_not_exists(pk) OR (#sequence < :sequence AND (#owner = :owner OR #until < :now))',
            ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until', '#sequence': 'sequence' },
            ExpressionAttributeValues: {
              ':owner': { S: owner },
              ':until': number(until),
              ':sequence': number(sequence),
              ':now': number(now()),
            },
          }),
          abortable,
        ),
      );
      if (failure === undefined) return true;
      // Granted to an attempt whose answer was lost, so that the SDK has asked again.
      const { owner: by, sequence: of } = failure.Item ?? {};
      return by?.S === owner && of?.N === String(sequence);
    },

    async release(owner) {
      await refusedBy(() =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: LEASE,
            UpdateExpression: 'SET #until = :none',
            ConditionExpression: '#owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until' },
            ExpressionAttributeValues: { ':owner': { S: owner }, ':none': number(0) },
          }),
          abortable,
        ),
      );
    },
  };
}

type Value = { readonly S?: string; readonly N?: string; readonly SS?: string[] };

const LEASE = { pk: { S: 'TICKER' }, sk: { S: 'LEASE' } };

function connectionKey(id: string) {
  return { pk: { S: `CONNECTION#${id}` }, sk: { S: 'CONNECTION' } };
}

function subscriptionKey(symbol: string, id: string) {
  return { pk: { S: `SYMBOL#${symbol}` }, sk: { S: `CONNECTION#${id}` } };
}

function symbolKey(symbol: string) {
  return { pk: { S: 'SYMBOLS' }, sk: { S: symbol } };
}

function number(value: number) {
  return { N: String(value) };
}

function symbolsUpdate(verb: 'ADD' | 'DELETE', id: string, symbols: string[], version: number) {
  const condition = atVersion(version);
  return {
    Key: connectionKey(id),
    ...condition,
    UpdateExpression: `SET #version = :next ${verb} #symbols :symbols`,
    ExpressionAttributeNames: { ...condition.ExpressionAttributeNames, '#symbols': 'symbols' },
    ExpressionAttributeValues: {
      ...condition.ExpressionAttributeValues,
      ':next': number(version + 1),
      ':symbols': { SS: symbols },
    },
  };
}

/** A connection that is gone has no version, so this says that it is there, too. */
function atVersion(version: number) {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': number(version) },
  };
}

/** What an update's condition has failed on, undefined if it has not. Waits where a transaction holds the item. */
async function refusedBy(update: () => Promise<unknown>): Promise<ConditionalCheckFailedException | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await update();
      return undefined;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return error;
      if (!(error instanceof TransactionConflictException) || attempt === ATTEMPTS) throw error;
      await pause(attempt);
    }
  }
}

/**
 * Whether a transaction failed for another writer, for a moment's throttle, which the SDK does not try again in a
 * transaction, or because its own earlier attempt is still under way: all of which reading again settles.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
function mayPass(error: unknown): boolean {
  if (error instanceof TransactionInProgressException) return true;
  if (!(error instanceof TransactionCanceledException)) return false;
  return (error.CancellationReasons ?? []).every(({ Code = 'None' }) => PASSING.includes(Code));
}

const PASSING = [
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
];

/** Up to 20 ms, then twice as long each time, by chance: two that got in each other's way shall not do so again. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** (attempt - 1)));
}
