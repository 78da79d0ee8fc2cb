import { contextOfApp } from '../kit/app-context';
import { assignmentsOf } from '../kit/options';
import { terminal } from '../kit/terminal';
import { cdkCli } from './cdk';
import type { Surroundings } from './run';

/** The terminal of this process, and the CDK CLI of this repository. */
export function surroundings(script: string): Surroundings {
  const person = terminal();
  const args = process.argv.slice(2).join(' ');
  return { ...person, cdk: cdkCli(person.signal), command: `npm run ${script} -- ${args}` };
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
