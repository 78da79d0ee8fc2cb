import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { explain, fail } from './errors';
import { optionsOf, targetOf } from './options';

const USAGE = 'Usage: npm run preflight -- --environment sandbox [--region eu-west-1]';
/** Lambda keeps so many executions of an account that no function may reserve. */
const UNRESERVED = 100;

/** What the account has to have before a deployment, which would roll back after minutes without. */
async function main(): Promise<void> {
  const values = optionsOf(USAGE, { environment: { type: 'string' }, region: { type: 'string' } });
  const config = targetOf(values, USAGE);
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
    const { cloudwatchRoleArn } = await new APIGatewayClient({ region }).send(new GetAccountCommand());
    const logs = logRoleProblem(config.restApi.ownsApiAccount, cloudwatchRoleArn, `Kumiki-${id}-RestApi`);
    if (logs) throw new Error(`${logs} (environment ${id}, ${region})`);
    console.log(`API Gateway logs: ${cloudwatchRoleArn ?? 'this deployment makes the role'}.`);
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

/**
 * Why the account's role for API Gateway logs, one for account and region, stands in the way; undefined if it does not.
 *
 * @param owned whether the environment makes the role, as its stack of this name
 * @param role ARN of the role that the account has now
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export function logRoleProblem(owned: boolean, role: string | undefined, stackName: string): string | undefined {
  if (!owned && !role) {
    return (
      'API Gateway logs: the account has no role for them, and the environment is not to make it. ' +
      'Set restApi.ownsApiAccount in lib/environments.ts, or have the owner of the account run aws apigateway update-account'
    );
  }
  if (owned && role && !role.includes(`/${stackName}-`)) {
    return (
      `API Gateway logs: the account has a role, ${role}, which this deployment would replace and its destroy leave the others without. ` +
      'Set restApi.ownsApiAccount to false in lib/environments.ts'
    );
  }
  return undefined;
}

if (require.main === module) main().catch(fail);
