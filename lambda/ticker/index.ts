import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { logInvocation } from '../logger';
import { publishCounts } from '../metrics';
import { sessionStore } from '../sessions/store';
import { STORE_ATTEMPTS, TIMEOUTS } from '../sessions/timeouts';
import { requestedTicks } from './request';
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

const everySeconds = Number(process.env['EVERY_SECONDS']);
const runSeconds = Number(process.env['RUN_SECONDS']);
const table = new DynamoDBClient({ maxAttempts: STORE_ATTEMPTS, requestHandler: TIMEOUTS });

const run = ticker({
  store: sessionStore(table, process.env['TABLE_NAME'] ?? ''),
  post,
  everySeconds,
  runSeconds,
});

/**
 * Publishes ticks for a minute, or as many as an event such as `{"ticks":3}` asks for.
 *
 * @throws at the end of the run, if it left out a period
 */
export async function handler(event: unknown, context: Pick<Context, 'awsRequestId'>): Promise<Counts> {
  logInvocation(context);
  const { problem, leftOut, ...counts } = await run(requestedTicks(event, runSeconds / everySeconds));
  const { posted, gone, failed } = counts;
  // CloudWatch bills a metric for each hour in which it has values, so counts of nothing are not published.
  const sent = posted + gone + failed > 0 && { Posted: posted, Gone: gone, Failed: failed };
  const metrics = { ...sent, ...(leftOut > 0 && { LeftOut: leftOut }) };
  if (Object.keys(metrics).length > 0) publishCounts(metrics, 'INFO');
  if (problem !== undefined) throw problem;
  return counts;
}
