import { type ParseArgsConfig, parseArgs } from 'node:util';
import { EnvironmentConfig, environment, environmentNames } from '../lib/environments';
import { isOnFile } from '../lib/zones';
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

/** What is given as the CDK CLI takes it, `-c key=value`. @throws in one line, if one is no `key=value` */
export function assignmentsOf(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((assignment) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(assignment) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw new Error(`-c: must be key=value, got "${assignment}". Give one as in -c capacity=ec2.`);
    }),
  );
}

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
  if (!environmentNames.includes(name)) {
    throw new Error(
      `--environment: "${name}" is not known. Give one of ${environmentNames.join(', ')}: --environment sandbox`,
    );
  }
  const endpointUrl = givenEndpoint();
  if (endpointUrl !== undefined) adopt(localVariables(endpointUrl));
  // Nothing that is deployed is asked for its zones, and preflight proposes some, so any will do where none are on file.
  const zones = context.zones ?? (region === undefined || isOnFile(region) ? undefined : `${region}a,${region}b`);
  return environment(name, { ...context, region, zones, endpointUrl });
}
