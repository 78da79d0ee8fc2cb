import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environments } from '../../lib/environments';
import { explain, fail } from '../kit/errors';
import { assignmentsOf, optionsOf } from '../kit/options';
import { targetOf } from '../kit/target';
import { askAccount, Checked } from './account';
import { blocks } from './checks';

const USAGE =
  'Usage: npm run preflight -- --environment sandbox [--region eu-west-1] [-c kubernetes=true], with the same -c as cdk deploy';

/** Checks the account for what a deployment would otherwise miss after minutes, and then roll back. */
async function main(): Promise<void> {
  const values = optionsOf(USAGE, {
    environment: { type: 'string' },
    region: { type: 'string' },
    context: { type: 'string', short: 'c', multiple: true },
  });
  const context = { ...contextOfApp(), ...assignmentsOf(values.context) };
  const config = targetOf(values, USAGE, context);
  const { id, region } = config;
  try {
    const checked = await askAccount(config, disposableEnvironments());
    console.log(`Environment ${id} in ${region}:`);
    for (const line of lines(checked)) console.log(line);
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

function lines(checked: readonly Checked[]): string[] {
  return checked.map(({ verdict, check, says }) => `  ${verdict.padEnd('not checked'.length)}  ${check}: ${says}.`);
}

if (require.main === module) main().catch(fail);
