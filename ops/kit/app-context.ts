import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The context in cdk.json that is for the app. Keys with `:`, `@` or `/` are for the CDK. */
export function contextOfApp(): Record<string, string> {
  const { context = {} } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8'));
  const own = Object.entries(context).filter(([key]) => !/[:@/]/.test(key));
  return Object.fromEntries(own.map(([key, value]) => [key, String(value)]));
}
