import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';

/**
 * Writes one line of JSON for each call. The function's environment names the `service`: POWERTOOLS_SERVICE_NAME.
 *
 * The log level is the one of the function's logging configuration: Lambda puts it into AWS_LAMBDA_LOG_LEVEL, which
 * Powertools obeys first. POWERTOOLS_LOG_LEVEL therefore stays unset: docs/decisions/0017.
 */
export const logger = new Logger();

/**
 * Gives the lines of an invocation its id, by the name that Lambda's own lines have. Not `addContext`, which nearly
 * doubles each line by name, ARN and memory of the function: these are the same on every line of the log group.
 *
 * @param correlationId id of the API's request, which the access log of the API and the container service log, too
 */
export function logInvocation({ awsRequestId }: Pick<Context, 'awsRequestId'>, correlationId?: string): void {
  // Undefined is not printed, and replaces the id of the invocation before this one.
  logger.appendKeys({ requestId: awsRequestId, correlationId });
}
