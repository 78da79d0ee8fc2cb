import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { writeMetrics } from '../metrics';
import { sessions } from './sessions';
import { sessionStore } from './store';
import { STORE_ATTEMPTS, TIMEOUTS } from './timeouts';

const client = new DynamoDBClient({ maxAttempts: STORE_ATTEMPTS, requestHandler: TIMEOUTS });

/** Serves $connect, $disconnect and the messages of a WebSocket API. */
export const handler = sessions((signal) => sessionStore(client, process.env['TABLE_NAME'] ?? '', { signal }), {
  maxSymbols: Number(process.env['MAX_SYMBOLS']),
  messagesPerSecond: Number(process.env['MESSAGES_PER_SECOND']),
  onFailure: () => writeMetrics('Kumiki/Sessions', { Failed: 1 }, 'ERROR'),
});
