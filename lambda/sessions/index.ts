import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sessions } from './sessions';
import { sessionStore } from './store';

/** Serves $connect, $disconnect and the messages of a WebSocket API. */
export const handler = sessions(sessionStore(new DynamoDBClient({}), process.env['TABLE_NAME'] ?? ''), {
  maxSymbols: Number(process.env['MAX_SYMBOLS']),
  messagesPerSecond: Number(process.env['MESSAGES_PER_SECOND']),
});
