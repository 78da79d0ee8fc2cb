import { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { contextOfApp } from '../kit/app-context';
import { explain, fail } from '../kit/errors';
import { type Language, languageOf } from '../kit/language';
import { assignmentsOf, optionsOf } from '../kit/options';
import { patiently } from '../kit/patience';
import { targetOf } from '../kit/target';
import { askAccount } from './account';
import { preflightCommand } from './command';
import { linesOf, summaryOf } from './lines';
import { messages } from './messages';
import { blocks } from './outcome';

/** Checks the account for what a deployment would otherwise miss after minutes, and then roll back. */
async function main(): Promise<void> {
  const values = optionsOf(preflightCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
  });
  const context = { ...contextOfApp(), ...assignmentsOf(values.context, values) };
  const config = targetOf(values, preflightCommand, context);
  const language = languageOf();
  process.once('SIGINT', () => {
    console.error(messages.interrupted[language]);
    process.exit(130);
  });
  try {
    const { blocked } = await runPreflight(config, language);
    if (blocked) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, config.id, config.region));
  }
}

export interface PreflightResult {
  readonly blocked: boolean;
  /** Checks that found what makes the deployment fail. */
  readonly problems: number;
  /** Checks that could not be made, and block, too. */
  readonly unchecked: number;
}

/**
 * Prints the table of everything that would make a deployment of the environment fail, or would surprise. Reads only.
 *
 * @returns whether the deployment has to wait, and why: checks that found a problem, and checks that could not be made
 * @throws errors of AWS that concern every check, such as credentials that are missing or expired: `explain` has their text
 */
export async function runPreflight(config: EnvironmentConfig, language: Language): Promise<PreflightResult> {
  const { id, region } = config;
  const checked = await patiently(askAccount(config, disposableEnvironments()));
  console.log(`${messages.heading({ id, region })[language]}\n`);
  for (const line of linesOf(checked, language, process.stdout.columns)) console.log(line);
  console.log(`\n${summaryOf(checked)[language]}`);
  const blocking = checked.filter(blocks);
  const unchecked = blocking.filter(({ verdict }) => verdict === 'not checked').length;
  return { blocked: blocking.length > 0, problems: blocking.length - unchecked, unchecked };
}

function disposableEnvironments(): string[] {
  return Object.entries(environments).flatMap(([name, { disposable }]) => (disposable ? [name] : []));
}

if (require.main === module) main().catch(fail);
