import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Reads the flags of a command. `--help` prints `usage` and ends the process.
 *
 * @throws with the usage, for an unknown flag
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

/** Reads values in the form of the CDK CLI, `-c key=value`. @throws in one line, if a value has another form */
export function assignmentsOf(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((assignment) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(assignment) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw new Error(`-c: must be key=value, got "${assignment}". Write -c capacity=ec2, for example.`);
    }),
  );
}
