import { type ParseArgsConfig, parseArgs } from 'node:util';

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
