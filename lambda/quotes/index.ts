import type { APIGatewayProxyResult } from 'aws-lambda';
import { ApiEvent, requestOf } from './request';
import { failure, Reply, router } from './router';
import { handlers } from './routes';
import { statisticsReader } from './upstream';

// All that happens at init. No network: an init that waits for something fails provisioned concurrency as a whole
// (FUNCTION_ERROR_INIT_FAILURE), and with it the deployment.
const dispatch = router(handlers(statisticsReader(process.env['HISTORY_URL'])));
const headers = {
  'content-type': 'application/json',
  // The cache of the API's stage has its own time to live; nobody else is to keep a price.
  'cache-control': 'no-store',
  'x-served-by': process.env['SERVED_BY'] ?? 'unknown',
  // on-demand or provisioned-concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  'initialization-type': process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] ?? 'unknown',
};

/** Answers REST API and HTTP API events alike; the routes are in domain/routes.ts, their handlers in `routes.ts`. */
export async function handler(event: ApiEvent): Promise<APIGatewayProxyResult> {
  const started = performance.now();
  const { route, status, body, retryAfter } = await answer(event);
  console.info({ route, status, ms: Math.round((performance.now() - started) * 100) / 100 });
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
    return failure(error); // not an event of an API
  }
}
