import { contextOfApp } from '../kit/app-context';
import { languageOf, type Text } from '../kit/language';
import { assignmentsOf } from '../kit/options';
import { cdkCli } from './cdk';
import { terminalAsk } from './confirm';
import type { Surroundings } from './run';

/** Milliseconds within which a second signal is the same press of Ctrl-C. */
const SAME_SIGNAL = 1_000;

/** Prints a line in the language of the command. */
export function say(text: Text): void {
  console.log(text[languageOf()]);
}

/** The terminal of this process, the CDK CLI of this repository, and Ctrl-C. */
export function surroundings(script: string): Surroundings {
  const interruption = new AbortController();
  let first: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Who presses Ctrl-C twice does not want to wait for the CLI. npm passes on the signal that the terminal has sent, too.
      if (first !== undefined && performance.now() - first > SAME_SIGNAL) process.exit(130);
      first ??= performance.now();
      interruption.abort();
    });
  }
  const { signal } = interruption;
  const args = process.argv.slice(2).join(' ');
  return {
    say,
    ask: terminalAsk(signal),
    cdk: cdkCli(signal),
    signal,
    language: languageOf(),
    command: `npm run ${script} -- ${args}`,
  };
}

export interface TargetValues {
  readonly environment?: string;
  readonly region?: string;
  readonly context?: readonly string[];
}

/** Context of cdk.json for the app, and that of the flags. */
export function contextOf({ environment, region, context }: TargetValues): {
  readonly all: Record<string, string>;
  readonly given: Record<string, string>;
} {
  const given = {
    ...assignmentsOf(context, { environment, region }),
    ...(environment === undefined ? {} : { environment }),
    ...(region === undefined ? {} : { region }),
  };
  return { all: { ...contextOfApp(), ...given }, given };
}
