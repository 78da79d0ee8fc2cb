import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environments } from '../../lib/environments';
import { explain, fail } from '../kit/errors';
import { type Language, languageOf } from '../kit/language';
import { assignmentsOf, type Command, optionsOf } from '../kit/options';
import { targetOf } from '../kit/target';
import { padEnd } from '../kit/width';
import { askAccount, Checked } from './account';
import { blocks } from './checks';
import { messages } from './messages';

export const command: Command<'environment' | 'region' | 'context'> = {
  name: 'npm run preflight',
  usage: '-- --environment sandbox [--region eu-west-1] [-c kubernetes=true]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    context: { form: '-c, --context KEY=VALUE', help: messages.contextFlag },
  },
};

/** Checks the account for what a deployment would otherwise miss after minutes, and then roll back. */
async function main(): Promise<void> {
  const values = optionsOf(command, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
  });
  const context = { ...contextOfApp(), ...assignmentsOf(values.context) };
  const config = targetOf(values, command, context);
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

/** A line for each check, with the verdict first. */
export function linesOf(checked: readonly Checked[], language: Language): string[] {
  const verdictOf = ({ verdict }: Checked) => messages[verdict][language];
  return checked.map((each) => `  ${padEnd(verdictOf(each), 'not checked'.length)}  ${messages.line(each)[language]}`);
}

if (require.main === module) main().catch(fail);
