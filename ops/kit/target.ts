import { type Environments, environmentOf } from '../../lib/context';
import { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { isOnFile } from '../../lib/zones';
import { Failure } from './language';
import { messages } from './messages';
import { Command, hintOf } from './options';

/**
 * The environment that `--environment` and `--region` name.
 *
 * @param context values that the CDK CLI takes by `-c`
 * @param known environments by name. @default those of lib/environments.ts
 * @throws in one line, if the environment is missing or not known
 */
export function targetOf(
  values: { environment?: string; region?: string },
  command: Command | string,
  context: Readonly<Record<string, string>> = {},
  known: Environments = environments,
): EnvironmentConfig {
  const name = values.environment ?? context.environment;
  const region = values.region ?? context.region;
  if (name === undefined) throw new Failure(messages.missingEnvironment({ hint: hintOf(command) }));
  if (!Object.hasOwn(known, name)) {
    throw new Failure(messages.unknownEnvironment({ name, known: Object.keys(known).join(', ') }));
  }
  // Reading a deployment needs no zones, and preflight proposes zones. So any zones do where lib/zones.ts has none.
  const zones = context.zones ?? (region === undefined || isOnFile(region) ? undefined : `${region}a,${region}b`);
  return environmentOf({ ...context, environment: name, region, zones }, known);
}
