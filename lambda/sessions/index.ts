import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { logInvocation } from '../logger';
import { publishCounts } from '../metrics';
import { Reply, SessionEvent, sessions } from './sessions';
import { sessionStore } from './store';
import { STORE_ATTEMPTS, TIMEOUTS } from './timeouts';

const client = new DynamoDBClient({ maxAttempts: STORE_ATTEMPTS, requestHandler: TIMEOUTS });
const serve = sessions((signal) => sessionStore(client, process.env['TABLE_NAME'] ?? '', { signal }), {
  maxSymbols: Number(process.env['MAX_SYMBOLS']),
  messagesPerSecond: Number(process.env['MESSAGES_PER_SECOND']),
  onFailure: () => publishCounts({ Failed: 1 }, 'ERROR'),
});

/** Serves $connect, $disconnect and the messages of a WebSocket API. */
export async function handler(
  event: SessionEvent,
  context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>,
): Promise<Reply> {
  logInvocation(context, event.requestContext.requestId);
  return serve(event, context);
}
