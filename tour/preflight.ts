import { parseArgs } from 'node:util';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { environment } from '../lib/environments';
import { adopt, localVariables } from '../local/endpoint';
import { explain, fail } from './errors';

const USAGE = 'npm run preflight -- --environment sandbox [--region eu-west-1]';
/** Lambda keeps so many executions of an account that no function may reserve. */
const UNRESERVED = 100;

/** Whether the account has room for the environment, before a deployment that would roll back without. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { environment: { type: 'string' }, region: { type: 'string' } } });
  if (values.environment === undefined) throw new Error(`--environment is missing: ${USAGE}`);
  const url = process.env.AWS_ENDPOINT_URL;
  if (url !== undefined) adopt(localVariables(url));
  const config = environment(values.environment, { region: values.region, endpointUrl: url });
  const { id, region } = config;
  try {
    const { AccountLimit } = await new LambdaClient({ region }).send(new GetAccountSettingsCommand());
    const limit = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
    const { max = 0, schedules = [] } = config.function.provisionedConcurrency ?? {};
    const provisioned = Math.max(max, ...schedules.map((schedule) => schedule.max));
    const problem = concurrencyProblem(provisioned, limit);
    if (problem) throw new Error(`${problem} (environment ${id}, ${region})`);
    console.log(
      `Lambda concurrency: room for the ${provisioned} provisioned of environment ${id}, ${limit} in ${region}.`,
    );
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

/**
 * Why an account with `unreserved` concurrent executions has no room for `provisioned` ones; undefined if it has.
 * New accounts start with 10 or 50.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export function concurrencyProblem(provisioned: number, unreserved: number): string | undefined {
  if (provisioned === 0 || provisioned + UNRESERVED <= unreserved) return undefined;
  return (
    `Lambda concurrency: ${provisioned} provisioned and the ${UNRESERVED} that stay unreserved do not fit into ${unreserved}. ` +
    'Ask for more (Service Quotas, Lambda, "Concurrent executions"), or lower provisionedConcurrency in lib/environments.ts'
  );
}

if (require.main === module) main().catch(fail);
