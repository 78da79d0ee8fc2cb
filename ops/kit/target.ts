import { adopt, givenEndpoint, localVariables, neededEndpoint } from '../../lab/kit/endpoint';
import { localEnvironments } from '../../lab/kit/local-environment';
import { environmentOf } from '../../lib/context';
import { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { isOnFile } from '../../lib/zones';

/**
 * The environment that `--environment` and `--region` name, deployed to AWS or to the endpoint of `AWS_ENDPOINT_URL`,
 * whose variables this process then has.
 *
 * @param context what the CDK CLI would be told by `-c`
 * @throws in one line, if it is missing or not known, or the endpoint is not a URL
 */
export function targetOf(
  values: { environment?: string; region?: string },
  usage: string,
  context: Readonly<Record<string, string>> = {},
): EnvironmentConfig {
  const name = values.environment ?? context.environment;
  const region = values.region ?? context.region;
  if (name === undefined) throw new Error(`--environment is missing. ${usage}`);
  const known = { ...environments, ...localEnvironments };
  if (!Object.hasOwn(known, name)) {
    throw new Error(
      `--environment: "${name}" is not known. Give one of ${Object.keys(known).join(', ')}: --environment sandbox`,
    );
  }
  const endpointUrl = Object.hasOwn(localEnvironments, name) ? neededEndpoint() : givenEndpoint();
  if (endpointUrl !== undefined) adopt(localVariables(endpointUrl));
  // Nothing that is deployed is asked for its zones, and preflight proposes some, so any will do where none are on file.
  const zones = context.zones ?? (region === undefined || isOnFile(region) ? undefined : `${region}a,${region}b`);
  return environmentOf({ ...context, environment: name, region, zones }, known);
}
