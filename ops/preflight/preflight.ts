import type { Environments } from '../../lib/context';
import { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { contextOfApp } from '../kit/app-context';
import { explained } from '../kit/errors';
import { assignmentsOf, optionsOf } from '../kit/options';
import { patiently } from '../kit/patience';
import { start } from '../kit/start';
import { targetOf } from '../kit/target';
import { INTERRUPTED, type Terminal, terminal, untilAborted } from '../kit/terminal';
import { askAccount } from './account';
import { preflightCommand } from './command';
import { linesOf, summaryOf } from './lines';
import { messages } from './messages';
import { blocks } from './outcome';
import { type Plan, planOf } from './plan';

export interface PreflightSurroundings extends Terminal {
  /** Synthesizes the environment. @default the app of this repository */
  readonly planned?: (config: EnvironmentConfig) => Plan;
}

/**
 * Checks the account for what a deployment would otherwise miss after minutes, and then roll back.
 *
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  around: PreflightSurroundings = terminal(),
  known: Environments = environments,
): Promise<number> {
  const values = optionsOf(
    preflightCommand,
    {
      environment: { type: 'string' },
      region: { type: 'string' },
      context: { type: 'string', short: 'c', multiple: true },
    },
    args,
  );
  const context = { ...contextOfApp(), ...assignmentsOf(values.context, values) };
  const config = targetOf(values, preflightCommand, context, known);
  const { signal, say } = around;
  try {
    const { blocked } = await untilAborted(signal, runPreflight(config, around));
    return blocked ? 1 : 0;
  } catch (error) {
    if (!signal.aborted) throw explained(error, config.id, config.region);
    say(messages.interrupted);
    return INTERRUPTED;
  }
}

export interface PreflightResult {
  readonly blocked: boolean;
  /** Checks that found what makes the deployment fail. */
  readonly problems: number;
  /** Checks that could not be made, and block, too. */
  readonly unchecked: number;
  /** Checks that could not be made and only warn, so that they do not block. */
  readonly advisory: number;
}

/**
 * Prints the table of everything that would make a deployment of the environment fail, or would surprise. Reads only.
 *
 * @returns whether the deployment has to wait, and why: checks that found a problem, and checks that could not be made
 * @throws errors of AWS that concern every check, such as credentials that are missing or expired: `explain` has their text
 */
export async function runPreflight(config: EnvironmentConfig, around: PreflightSurroundings): Promise<PreflightResult> {
  const { id, region } = config;
  const { say, language, signal, planned = planOf } = around;
  const checked = await patiently(askAccount(config, disposableEnvironments(), planned));
  // The table after the line about the interruption would look like its result.
  signal.throwIfAborted();
  say(messages.heading({ id, region }));
  say('');
  for (const line of linesOf(checked, language, process.stdout.columns)) say(line);
  say('');
  say(summaryOf(checked));
  const blocking = checked.filter(blocks);
  const unchecked = blocking.filter(({ verdict }) => verdict === 'not checked').length;
  const advisory = checked.filter((row) => row.verdict === 'not checked' && !blocks(row)).length;
  return { blocked: blocking.length > 0, problems: blocking.length - unchecked, unchecked, advisory };
}

function disposableEnvironments(): string[] {
  return Object.entries(environments).flatMap(([name, { disposable }]) => (disposable ? [name] : []));
}

if (require.main === module) void start(main);
