import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { writeMetrics } from '../metrics';
import { sessions } from './sessions';
import { sessionStore } from './store';
import { TIMEOUTS } from './timeouts';

const client = new DynamoDBClient({ requestHandler: TIMEOUTS });

/** Serves $connect, $disconnect and the messages of a WebSocket API. */
export const handler = sessions(sessionStore(client, process.env['TABLE_NAME'] ?? ''), {
  maxSymbols: Number(process.env['MAX_SYMBOLS']),
  messagesPerSecond: Number(process.env['MESSAGES_PER_SECOND']),
  onFailure: () => writeMetrics('Kumiki/Sessions', { Failed: 1 }, 'ERROR'),
});
