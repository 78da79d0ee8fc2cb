import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { writeMetrics } from '../metrics';
import { sessionStore } from '../sessions/store';
import { TIMEOUTS } from '../sessions/timeouts';
import { ATTEMPTS, Counts, Post, ticker } from './ticker';

const connections = new ApiGatewayManagementApiClient({
  endpoint: process.env['CALLBACK_URL'],
  maxAttempts: ATTEMPTS,
  requestHandler: TIMEOUTS,
});

const post: Post = async (ConnectionId, message, abortSignal) => {
  try {
    await connections.send(new PostToConnectionCommand({ ConnectionId, Data: JSON.stringify(message) }), {
      abortSignal,
    });
    return 'posted';
  } catch (error) {
    if (error instanceof GoneException) return 'gone';
    throw error;
  }
};

const run = ticker({
  store: sessionStore(new DynamoDBClient({ requestHandler: TIMEOUTS }), process.env['TABLE_NAME'] ?? ''),
  post,
  everySeconds: Number(process.env['EVERY_SECONDS']),
  runSeconds: Number(process.env['RUN_SECONDS']),
});

/** Publishes ticks for a minute, or `ticks` times. */
export async function handler({ ticks }: { readonly ticks?: number } = {}): Promise<Counts> {
  const { problem, ...counts } = await run(ticks);
  const { posted, gone, failed } = counts;
  // A metric costs by the hour in which it has values, so a run with nothing to tell has none.
  if (posted + gone + failed > 0) writeMetrics('Kumiki/Ticker', { Posted: posted, Gone: gone, Failed: failed }, 'INFO');
  if (problem !== undefined) throw problem;
  return counts;
}
