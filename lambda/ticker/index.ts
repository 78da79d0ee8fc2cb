import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sessionStore } from '../sessions/store';
import { TIMEOUTS } from '../sessions/timeouts';
import { metricsLine } from './metrics';
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
  const counts = await run(ticks);
  // A metric costs by the hour in which it has values, so a run with nothing to tell has none. Not by console, because the
  // runtime would wrap the line into another object, where CloudWatch does not look for metrics.
  if (counts.posted + counts.gone + counts.failed > 0) {
    process.stdout.write(`${metricsLine(counts, process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'unknown', Date.now())}\n`);
  }
  return counts;
}
