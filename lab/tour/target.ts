import type { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { explain } from '../../ops/kit/errors';
import type { Text } from '../../ops/kit/language';
import type { Command } from '../../ops/kit/options';
import * as ops from '../../ops/kit/target';
import { adopt, givenEndpoint, localVariables, neededEndpoint } from '../kit/endpoint';
import { localEnvironments } from '../kit/local-environment';
import { messages } from './messages';

/**
 * The environment that `--environment` and `--region` name, deployed to AWS or to the endpoint of `AWS_ENDPOINT_URL`. The
 * environment local is known too. With an endpoint, this process takes the variables of a local deployment.
 *
 * @throws in one line, if the environment is missing or not known, or the endpoint is missing or not a URL
 */
export function targetOf(values: { environment?: string; region?: string }, command: Command): EnvironmentConfig {
  const target = ops.targetOf(values, command, {}, { ...environments, ...localEnvironments });
  const endpoint = Object.hasOwn(localEnvironments, target.id) ? neededEndpoint() : givenEndpoint();
  if (endpoint !== undefined) adopt(localVariables(endpoint));
  return target;
}

/** One line that says what to do about an error of a request to the environment that `targetOf` gave. */
export function explainAt({ id, region }: Pick<EnvironmentConfig, 'id' | 'region'>, error: unknown): Text {
  const [, stack] = (error instanceof Error && /Stack with id (\S+) does not exist/.exec(error.message)) || [];
  const endpoint = process.env.AWS_ENDPOINT_URL;
  // The CDK CLI does not know the environment local.
  if (stack === undefined || endpoint === undefined || !Object.hasOwn(localEnvironments, id)) {
    return explain(error, id, region);
  }
  return messages.notDeployedHere({ stack, endpoint });
}
