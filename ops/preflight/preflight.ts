import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environments } from '../../lib/environments';
import { explain, fail } from '../kit/errors';
import { languageOf } from '../kit/language';
import { assignmentsOf, optionsOf } from '../kit/options';
import { targetOf } from '../kit/target';
import { askAccount } from './account';
import { blocks } from './checks';
import { preflightCommand } from './command';
import { linesOf } from './lines';
import { messages } from './messages';

/** Checks the account for what a deployment would otherwise miss after minutes, and then roll back. */
async function main(): Promise<void> {
  const values = optionsOf(preflightCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
  });
  const context = { ...contextOfApp(), ...assignmentsOf(values.context) };
  const config = targetOf(values, preflightCommand, context);
  const { id, region } = config;
  try {
    const checked = await askAccount(config, disposableEnvironments());
    const language = languageOf();
    console.log(messages.heading({ id, region })[language]);
    for (const line of linesOf(checked, language)) console.log(line);
    if (checked.some(blocks)) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }
}

/** The context in cdk.json that is for the app. Keys with `:`, `@` or `/` are for the CDK. */
function contextOfApp(): Record<string, string> {
  const { context = {} } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8'));
  const own = Object.entries(context).filter(([key]) => !/[:@/]/.test(key));
  return Object.fromEntries(own.map(([key, value]) => [key, String(value)]));
}

function disposableEnvironments(): string[] {
  return Object.entries(environments).flatMap(([name, { disposable }]) => (disposable ? [name] : []));
}

if (require.main === module) main().catch(fail);
