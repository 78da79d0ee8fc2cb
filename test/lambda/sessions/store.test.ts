import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import { sessionStore } from '../../../lambda/sessions/store';

const NOW = 1_700_000_000_000;
/** The expiry of an existing connection, in seconds since 1970. */
const EXPIRY = String(NOW / 1_000 + 60);
const metadata = { $metadata: {}, message: 'no' };

interface Command {
  readonly name: string;
  /** The input in JSON, as DynamoDB receives it. */
  readonly input: ReturnType<typeof JSON.parse>;
}

/**
 * Returns a store whose table gives the next answer to each call, and throws an answer that is an error.
 * The placeholders of each command are checked as DynamoDB checks them.
 */
function storeOf(...answers: unknown[]) {
  const sent: Command[] = [];
  const client = {
    send: async (command: { input: object }) => {
      const name = command.constructor.name.replace('Command', '');
      sent.push({ name, input: JSON.parse(JSON.stringify(command.input)) });
      checkPlaceholders(command.input);
      const answer = answers.length > 0 ? answers.shift() : {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const store = sessionStore(client as unknown as DynamoDBClient, 'table', { now: () => NOW });
  return { store, sent, names: () => sent.map(({ name }) => name) };
}

/** DynamoDB refuses a request whose names and values are not exactly those of its expressions. */
function checkPlaceholders(input: object): void {
  const { TransactItems } = input as { TransactItems?: Record<string, object>[] };
  for (const write of TransactItems ?? []) for (const each of Object.values(write)) checkPlaceholders(each);
  const fields = Object.entries(input);
  const expressions = fields.flatMap(([name, value]) => (name.endsWith('Expression') ? [value] : [])).join(' ');
  const given = fields.flatMap(([name, value]) =>
    /^ExpressionAttribute(Names|Values)$/.test(name) ? Object.keys(value ?? {}) : [],
  );
  expect(new Set(given)).toEqual(new Set(expressions.match(/[#:]\w+/g) ?? []));
}

function connection(symbols: string[], version = 7) {
  return { Item: { symbols: { SS: symbols }, version: { N: String(version) }, expiresAt: { N: EXPIRY } } };
}

function cancelled(...codes: string[]): TransactionCanceledException {
  return new TransactionCanceledException({ ...metadata, CancellationReasons: codes.map((Code) => ({ Code })) });
}

describe('a connection', () => {
  test('is one item, which expires after the longest time that API Gateway keeps a connection', async () => {
    const { store, sent } = storeOf();
    await store.connect('c1');
    expect(sent).toEqual([
      {
        name: 'PutItem',
        input: {
          TableName: 'table',
          ConditionExpression: 'attribute_not_exists(pk)',
          Item: expect.objectContaining({
            pk: { S: 'CONNECTION#c1' },
            sk: { S: 'CONNECTION' },
            expiresAt: { N: String(NOW / 1_000 + 7_800) },
          }),
        },
      },
    ]);
  });

  test('that exists is not emptied by an attempt that arrives late', async () => {
    const { store, names } = storeOf(new ConditionalCheckFailedException(metadata));
    await store.connect('c1');
    expect(names()).toEqual(['PutItem']);
  });

  test('is removed with all of its subscriptions, in one transaction at the version that was read', async () => {
    const { store, sent } = storeOf(connection(['KUMI', 'ACME']));
    await store.disconnect('c1');
    const [read, write] = sent;
    expect(read).toMatchObject({ name: 'GetItem', input: { ConsistentRead: true } });
    expect(write?.input.TransactItems.map(({ Delete }: { Delete: { Key: unknown } }) => Delete.Key)).toEqual([
      { pk: { S: 'CONNECTION#c1' }, sk: { S: 'CONNECTION' } },
      { pk: { S: 'SYMBOL#KUMI' }, sk: { S: 'CONNECTION#c1' } },
      { pk: { S: 'SYMBOL#ACME' }, sk: { S: 'CONNECTION#c1' } },
    ]);
    expect(write?.input.TransactItems[0].Delete).toMatchObject({
      ConditionExpression: '#version = :version',
      ExpressionAttributeValues: { ':version': { N: '7' } },
    });
  });

  test('that no longer exists is no error', async () => {
    const { store, names } = storeOf({});
    await store.disconnect('c1');
    expect(names()).toEqual(['GetItem']);
  });

  test.each([
    ['no longer exists', [{}], ['KUMI', 'ACME']],
    ['does not list all of its symbols', [connection(['KUMI'])], ['ACME']],
  ])('that %s leaves behind none of the subscriptions that were found', async (_, answers, left) => {
    const { store, sent } = storeOf(...answers);
    await store.disconnect('c1', ['KUMI', 'ACME']);
    const deleted = sent.filter(({ name }) => name === 'DeleteItem').map(({ input }) => input.Key);
    expect(deleted).toEqual(left.map((symbol) => ({ pk: { S: `SYMBOL#${symbol}` }, sk: { S: 'CONNECTION#c1' } })));
  });

  test('that subscribes while it ends is read again, so that no subscription stays behind', async () => {
    const { store, sent } = storeOf(connection([]), cancelled('ConditionalCheckFailed'), connection(['NEW'], 8));
    await store.disconnect('c1');
    expect(sent.at(-1)?.input.TransactItems).toHaveLength(2);
  });
});

describe('subscribing', () => {
  test('announces new symbols, then writes both directions in one transaction', async () => {
    const { store, sent, names } = storeOf(connection(['OLD']));
    expect(await store.subscribe('c1', ['OLD', 'KUMI'], 20)).toEqual({ symbols: ['OLD', 'KUMI'] });
    expect(names()).toEqual(['GetItem', 'PutItem', 'TransactWriteItems']);
    expect(sent[1]?.input.Item).toMatchObject({ pk: { S: 'SYMBOLS' }, sk: { S: 'KUMI' }, askedAt: { N: String(NOW) } });
    const [update, put] = sent[2]?.input.TransactItems ?? [];
    expect(update.Update).toMatchObject({
      UpdateExpression: 'SET #version = :next ADD #symbols :symbols',
      ConditionExpression: '#version = :version',
      ExpressionAttributeValues: { ':symbols': { SS: ['KUMI'] }, ':version': { N: '7' }, ':next': { N: '8' } },
    });
    expect(put.Put.Item).toMatchObject({ pk: { S: 'SYMBOL#KUMI' }, sk: { S: 'CONNECTION#c1' } });
  });

  test('lasts no longer than the connection, because without the connection nothing would find the subscription', async () => {
    const { store, sent } = storeOf(connection([]));
    await store.subscribe('c1', ['KUMI'], 20);
    expect(sent[2]?.input.TransactItems[1].Put.Item.expiresAt).toEqual({ N: EXPIRY });
  });

  test('a second time changes nothing and writes nothing', async () => {
    const { store, names } = storeOf(connection(['KUMI']));
    expect(await store.subscribe('c1', ['KUMI'], 20)).toEqual({ symbols: ['KUMI'] });
    expect(names()).toEqual(['GetItem']);
  });

  test('past the limit writes nothing', async () => {
    const { store, names } = storeOf(connection(['A', 'B']));
    expect(await store.subscribe('c1', ['B', 'C', 'D'], 3)).toEqual({ refused: 'too many symbols' });
    expect(names()).toEqual(['GetItem']);
  });

  test('during a disconnect is refused', async () => {
    const { store } = storeOf(connection([]), {}, cancelled('ConditionalCheckFailed', 'None'), {});
    expect(await store.subscribe('c1', ['KUMI'], 20)).toEqual({ refused: 'not connected' });
  });

  test('at the same time as another message counts the symbols that the other message added', async () => {
    const { store } = storeOf(
      connection(['A']),
      {},
      cancelled('TransactionConflict', 'None'),
      connection(['A', 'B'], 8),
    );
    expect(await store.subscribe('c1', ['C'], 2)).toEqual({ refused: 'too many symbols' });
  });

  test.each([
    ['a throttle', cancelled('None', 'ThrottlingError')],
    ['an earlier attempt of its own that is still in progress', new TransactionInProgressException(metadata)],
  ])('is tried again after %s', async (_, error) => {
    const { store } = storeOf(connection([]), {}, error, connection(['KUMI'], 8));
    expect(await store.subscribe('c1', ['KUMI'], 20)).toEqual({ symbols: ['KUMI'] });
  });

  test('does not retry after an error that no other writer caused', async () => {
    const { store } = storeOf(connection([]), {}, cancelled('ValidationError', 'None'));
    await expect(store.subscribe('c1', ['KUMI'], 20)).rejects.toThrow(TransactionCanceledException);
  });
});

describe('unsubscribing', () => {
  test('removes both directions in one transaction, and only existing subscriptions', async () => {
    const { store, sent } = storeOf(connection(['KUMI', 'ACME']));
    expect(await store.unsubscribe('c1', ['KUMI', 'NONE'])).toEqual({ symbols: ['ACME'] });
    expect(sent[1]?.input.TransactItems).toHaveLength(2);
    const again = storeOf(connection(['ACME']));
    expect(await again.store.unsubscribe('c1', ['KUMI'])).toEqual({ symbols: ['ACME'] });
    expect(again.names()).toEqual(['GetItem']);
  });
});

describe('messages of a connection', () => {
  const failure = (Item?: ConditionalCheckFailedException['Item']) =>
    new ConditionalCheckFailedException({ ...metadata, Item });

  test.each([
    ['the first of a second is counted', [{}], 'counted', 1],
    ['a further one below the limit is counted', [failure({}), {}], 'counted', 2],
    ['one over the limit is refused', [failure({}), failure({})], 'too many', 2],
    ['one without a connection is refused', [failure()], 'not connected', 1],
    [
      'one is counted after a transaction held the item',
      [new TransactionConflictException(metadata), {}],
      'counted',
      2,
    ],
  ])('%s', async (_, answers, expected, calls) => {
    const { store, sent } = storeOf(...answers);
    expect(await store.countMessage('c1', 10)).toBe(expected);
    expect(sent).toHaveLength(calls);
  });
});

describe('the ticker', () => {
  test('finds symbols and subscribers by queries of one partition, page by page', async () => {
    const page = (sk: string, more?: object) => ({
      Items: [{ sk: { S: sk }, askedAt: { N: '5' } }],
      LastEvaluatedKey: more,
    });
    const symbols = storeOf(page('KUMI', { pk: {} }), page('ACME'));
    expect(await symbols.store.subscribedSymbols()).toEqual([
      { symbol: 'KUMI', askedAt: 5 },
      { symbol: 'ACME', askedAt: 5 },
    ]);
    const subscribers = storeOf(page('CONNECTION#c1', { pk: {} }), page('CONNECTION#c2'));
    expect(await subscribers.store.subscribersOf('KUMI')).toEqual(['c1', 'c2']);
    const all = [...symbols.sent, ...subscribers.sent];
    expect(all.every(({ name, input }) => name === 'Query' && input.ConsistentRead)).toBe(true);
    expect(subscribers.sent[0]?.input.FilterExpression).toBe('expiresAt > :now');
    expect(all.map(({ input }) => input.ProjectionExpression)).toEqual(['sk, askedAt', 'sk, askedAt', 'sk', 'sk']);
  });

  test('claims a period once, and only if no other run holds a claim', async () => {
    const { store, sent } = storeOf({}, new ConditionalCheckFailedException(metadata));
    expect(await store.claim('me', 42, NOW + 1)).toBe(true);
    expect(await store.claim('me', 42, NOW + 1)).toBe(false);
    expect(sent[0]?.input.ConditionExpression).toBe(
      'attribute_not_exists(pk) OR (#sequence < :sequence AND (#owner = :owner OR #until < :now))',
    );
  });

  test('holds a claim if only the answer to its own attempt was lost, but not the claim of another run', async () => {
    const held = (owner: string, sequence: number) =>
      new ConditionalCheckFailedException({
        ...metadata,
        Item: { owner: { S: owner }, sequence: { N: String(sequence) } },
      });
    const { store, sent } = storeOf(held('me', 42), held('me', 43), held('other', 42));
    expect(await store.claim('me', 42, NOW + 1)).toBe(true);
    expect(await store.claim('me', 42, NOW + 1)).toBe(false);
    expect(await store.claim('me', 42, NOW + 1)).toBe(false);
    expect(sent[0]?.input.ReturnValuesOnConditionCheckFailure).toBe('ALL_OLD');
  });

  test('releases only its own claim, and keeps a symbol that was requested again', async () => {
    const refused = new ConditionalCheckFailedException(metadata);
    const { store, sent } = storeOf(refused, refused);
    await store.release('me');
    await store.forgetSymbol({ symbol: 'KUMI', askedAt: 5 });
    expect(sent.map(({ input }) => input.ConditionExpression)).toEqual(['#owner = :owner', 'askedAt = :askedAt']);
  });
});
