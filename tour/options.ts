import { type ParseArgsConfig, parseArgs } from 'node:util';
import { EnvironmentConfig, environment, environmentNames } from '../lib/environments';
import { adopt, givenEndpoint, localVariables } from '../local/endpoint';

/**
 * The flags of a command. With `--help` it prints `usage` and ends.
 *
 * @throws with the usage, for a flag that it does not know
 */
export function optionsOf<const T extends NonNullable<ParseArgsConfig['options']>>(usage: string, options: T) {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

/**
 * The environment that `--environment` and `--region` name, deployed to AWS or to the endpoint of `AWS_ENDPOINT_URL`,
 * whose variables this process then has.
 *
 * @throws in one line, if it is missing or not known, or the endpoint is not a URL
 */
export function targetOf(values: { environment?: string; region?: string }, usage: string): EnvironmentConfig {
  const { environment: name, region } = values;
  if (name === undefined) throw new Error(`--environment is missing. ${usage}`);
  if (!environmentNames.includes(name)) {
    throw new Error(
      `--environment: "${name}" is not known. Give one of ${environmentNames.join(', ')}: --environment sandbox`,
    );
  }
  const endpointUrl = givenEndpoint();
  if (endpointUrl !== undefined) adopt(localVariables(endpointUrl));
  // Nothing that is deployed is asked for its zones, so any will do where none are on file.
  const zones = region === undefined ? undefined : `${region}a,${region}b`;
  return environment(name, { region, zones, endpointUrl });
}
