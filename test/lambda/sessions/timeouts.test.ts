import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { TIMEOUTS } from '../../../lambda/sessions/timeouts';
import { ATTEMPTS, POST_MS } from '../../../lambda/ticker/ticker';

const server = createServer(() => {});

// Not in the test: one that fails by waiting would leave the server, and jest with it.
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('an answer that does not come is an error, and not a warning only', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 2,
    requestHandler: { ...TIMEOUTS, requestTimeout: 50 },
  });
  const call = client.send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'a' } } }));
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 2 } });
  client.destroy();
});

test('all attempts at a message fit into the time that a period has for its messages', () => {
  expect(ATTEMPTS * TIMEOUTS.requestTimeout).toBeLessThan(POST_MS);
});
