import type { APIGatewayProxyResult, Context } from 'aws-lambda';
import { logger, logInvocation } from '../logger';
import { ApiEvent, requestOf } from './request';
import { failure, Reply, router } from './router';
import { handlers } from './routes';
import { statisticsReader } from './upstream';

// Init does not use the network: an init that waits and fails makes provisioned concurrency fail as a whole
// (FUNCTION_ERROR_INIT_FAILURE), and with it the deployment.
const dispatch = router(handlers(statisticsReader(process.env['HISTORY_URL'])));
const headers = {
  'content-type': 'application/json',
  // The cache of the API's stage has its own time to live. No other cache may store a price.
  'cache-control': 'no-store',
  'x-served-by': process.env['SERVED_BY'] ?? 'unknown',
  // on-demand or provisioned-concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  'initialization-type': process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] ?? 'unknown',
};

/** Answers REST API and HTTP API events alike; the routes are in domain/routes.ts, their handlers in `routes.ts`. */
export async function handler(event: ApiEvent, context: Pick<Context, 'awsRequestId'>): Promise<APIGatewayProxyResult> {
  logInvocation(context, event?.requestContext?.requestId);
  const started = performance.now();
  const { route, status, body, retryAfter } = await answer(event);
  logger.info('answered', { route, status, ms: Math.round((performance.now() - started) * 100) / 100 });
  return {
    statusCode: status,
    headers: retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfter },
    body: JSON.stringify(body),
  };
}

async function answer(event: ApiEvent): Promise<Reply> {
  try {
    return await dispatch(requestOf(event));
  } catch (error) {
    return failure(error); // The event is not one of an API.
  }
}
