import { fail } from './errors';
import { INTERRUPTED } from './terminal';

/**
 * Ends the process with the exit code that a command returns, and with 1 and one line if the command throws.
 *
 * @param main the command, with the arguments after the name of its file
 */
export async function start(main: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    fail(error);
  }
  // A request may be under way, for whose answer the person does not want to wait.
  if (process.exitCode === INTERRUPTED) process.exit();
}
