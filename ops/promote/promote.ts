import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environments } from '../../lib/environments';
import { explain, fail } from '../kit/errors';
import { languageOf } from '../kit/language';
import { optionsOf } from '../kit/options';
import { promoteCommand } from './command';
import { withDigest } from './environments-file';
import { messages } from './messages';
import { promote, targetsOf } from './services';

const FILE = join(__dirname, '..', '..', 'lib', 'environments.ts');

/** Promotes the image that runs in one environment to another one, or goes back to an earlier image. */
async function main(): Promise<void> {
  const values = optionsOf(promoteCommand, {
    from: { type: 'string' },
    to: { type: 'string' },
    digest: { type: 'string' },
    service: { type: 'string' },
    region: { type: 'string' },
    'from-region': { type: 'string' },
    'accept-findings': { type: 'boolean', default: false },
  });
  const language = languageOf();
  const targets = targetsOf(values, environments);
  const { from, to } = targets;
  try {
    const promoted = await promote(targets, (text) => console.log(text[language]));
    // Every image is in the repository before the first line is written, so that an error leaves the file as it is.
    let text = readFileSync(FILE, 'utf8');
    for (const { service, digest } of promoted) {
      const edit = withDigest(text, FILE, { environment: to.id, service, digest });
      if (edit === undefined) {
        console.log(messages.unchanged({ service, digest, environment: to.id })[language]);
        continue;
      }
      text = edit.text;
      console.log(messages.changed({ line: edit.line })[language]);
      console.log(`- ${edit.before.trim()}\n+ ${edit.after.trim()}`);
    }
    if (text === readFileSync(FILE, 'utf8')) return;
    writeFileSync(`${FILE}.new`, text);
    renameSync(`${FILE}.new`, FILE);
    console.log(`\n${messages.next[language]}`);
    const context = `-c environment=${to.id}${values.region === undefined ? '' : ` -c region=${to.region}`}`;
    const names = promoted.map(({ service }) => service).join(', ');
    console.log(
      [
        `  git commit -m "Promote ${names} to ${to.id}" lib/environments.ts`,
        `  npx cdk diff ${context}`,
        `  npx cdk deploy --all ${context}`,
      ].join('\n'),
    );
  } catch (error) {
    const isOfFrom = from !== undefined && String(error).includes(`Kumiki-${from.id}-`);
    const { id, region } = isOfFrom ? from : to;
    fail(error, explain(error, id, region, isOfFrom ? '--from-region' : '--region'));
  }
}

if (require.main === module) main().catch(fail);
