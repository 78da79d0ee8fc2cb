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
 * | `SYMBOL#<symbol>` | `CONNECTION#<id>` | expiresAt                                               | Query of a symbol: its subscribers
 * | `SYMBOLS`         | `<symbol>`        | askedAt, expiresAt                                      | Query of all symbols
 * | `TICKER`          | `LEASE`           | owner, until, sequence                                  | conditional update
 *
 * - A connection lists its symbols, and each symbol lists its connections. Both change in one transaction, which checks the
 *   version of the connection. So no change is half done, a message during a disconnect finds no connection to change, and
 *   the limit of symbols holds for messages that arrive at the same time. A transaction has at most 100 items, one of which
 *   is the connection.
 * - `SYMBOLS` is not part of the transaction, because all subscriptions to a symbol write the same item, so their
 *   transactions would conflict. The item is written before, and may name a symbol without subscribers. The ticker removes
 *   such a symbol if nobody has asked for it during a time that is longer than a handler's timeout.
 * - There is no index: both directions are keys of the table, so every read can be a consistent one.
 * - `expiresAt` (TTL) removes the items of connections without a $disconnect, which API Gateway does not guarantee. DynamoDB
 *   may take days to remove an item, so readers compare `expiresAt` with the clock.
 *
 * `SYMBOLS` is one partition, which takes 1,000 subscriptions a second. For more, spread it over `SYMBOLS#0` to `SYMBOLS#9`.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
export interface SessionStore {
  connect(id: string): Promise<void>;
  /**
   * Removes a connection and its subscriptions. A connection that does not exist is no error.
   *
   * @param foundSymbols symbols whose subscriptions by this connection were found: these are removed, too, even if the
   *   connection does not list them or no longer exists
   */
  disconnect(id: string, foundSymbols?: readonly string[]): Promise<void>;
  /** Counts a message of a connection against its limit for this second of the clock. */
  countMessage(id: string, maxPerSecond: number): Promise<'counted' | 'too many' | 'not connected'>;
  /** Returns all symbols of the connection after the change, or why nothing was changed. */
  subscribe(id: string, symbols: readonly string[], maxSymbols: number): Promise<Change>;
  unsubscribe(id: string, symbols: readonly string[]): Promise<Change>;

  subscribedSymbols(): Promise<readonly SubscribedSymbol[]>;
  /** Returns the ids of the connections that get the ticks of a symbol. */
  subscribersOf(symbol: string): Promise<readonly string[]>;
  /** Removes a symbol from `subscribedSymbols`, unless somebody has asked for the symbol since this entry was read. */
  forgetSymbol(symbol: SubscribedSymbol): Promise<void>;
  /**
   * Claims the right to publish the tick of a period. No other owner has the right before `until` (milliseconds since 1970),
   * and no other owner ever publishes this tick or an earlier one. An owner claims each tick once.
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
 * Seconds after which a connection has certainly ended, because API Gateway ends each connection after two hours.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const EXPIRY_SECONDS = 2 * 3_600 + 600;

/** Attempts at a transaction that conflicts with another one, or meets a throttle. */
const ATTEMPTS = 6;

export interface SessionStoreOptions {
  readonly now?: () => number;
  /** Makes all calls fail once it is aborted: those under way and all later ones. */
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
  const expiresAt = () => number(seconds() + EXPIRY_SECONDS);

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

  /** Changes a connection and the items that depend on it, and starts again if another writer was faster. */
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
      // An attempt that was given up may still arrive. It must not empty a connection that has subscribed meanwhile.
      const ConditionExpression = 'attribute_not_exists(pk)';
      await refusedBy(() =>
        client.send(
          new PutItemCommand({ TableName, Item: { ...connectionKey(id), ...item }, ConditionExpression }),
          abortable,
        ),
      );
    },

    async disconnect(id, foundSymbols = []) {
      const removed = await change(id, async ({ symbols, version }) => ({
        writes: [
          { Delete: { TableName, Key: connectionKey(id), ...atVersion(version) } },
          ...symbols.map((symbol) => ({ Delete: { TableName, Key: subscriptionKey(symbol, id) } })),
        ],
        result: { symbols },
      }));
      const left = foundSymbols.filter((symbol) => !('symbols' in removed && removed.symbols.includes(symbol)));
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
        // Subscriptions expire with their connection: without the connection, nothing would lead to them.
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
        // DynamoDB reads and bills the whole items anyway. Parsing all attributes of many would take the ticker more time.
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
      // The claim was granted to an earlier attempt whose answer was lost, after which the SDK tried again.
      const { owner: holder, sequence: claimed } = failure.Item ?? {};
      return holder?.S === owner && claimed?.N === String(sequence);
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

/** The condition that a connection exists and has this version: a connection that was removed has none. */
function atVersion(version: number) {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': number(version) },
  };
}

/**
 * Does an update, and again while a transaction holds the item. Returns the error of a condition that failed, or undefined
 * after success.
 */
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
 * Says whether reading again and a new transaction may succeed: after a conflict with another writer, after a throttle,
 * which the SDK does not retry in a transaction, and while an earlier attempt of this transaction is still under way.
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

/** Waits a random time of up to 20 ms, doubled for each attempt, so that two writers do not conflict again. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** (attempt - 1)));
}
