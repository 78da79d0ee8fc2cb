import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environments } from '../../lib/context';
import { environments } from '../../lib/environments';
import { explained } from '../kit/errors';
import { optionsOf } from '../kit/options';
import { start } from '../kit/start';
import { INTERRUPTED, type Terminal, terminal, untilAborted } from '../kit/terminal';
import { promoteCommand } from './command';
import { withDigest } from './environments-file';
import { messages } from './messages';
import { type Promoted, promote, targetsOf } from './services';

export interface PromoteSurroundings extends Terminal {
  /** Path of lib/environments.ts. */
  readonly file: string;
}

/**
 * Promotes the image that runs in one environment to another one, or goes back to an earlier image.
 *
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  around: PromoteSurroundings = { ...terminal(), file: join(__dirname, '..', '..', 'lib', 'environments.ts') },
  known: Environments = environments,
): Promise<number> {
  const values = optionsOf(
    promoteCommand,
    {
      from: { type: 'string' },
      to: { type: 'string' },
      digest: { type: 'string' },
      service: { type: 'string' },
      region: { type: 'string' },
      'from-region': { type: 'string' },
      'accept-findings': { type: 'boolean', default: false },
    },
    args,
  );
  const targets = targetsOf(values, known);
  const { from, to } = targets;
  const { say, signal } = around;
  const sayUnlessAborted: typeof say = (words) => {
    signal.throwIfAborted();
    say(words);
  };
  try {
    // Every image is in the repository before the first line is written, so that an error leaves the file as it is.
    const promoted = await untilAborted(signal, promote(targets, { signal, say: sayUnlessAborted }));
    const context = `-c environment=${to.id}${values.region === undefined ? '' : ` -c region=${to.region}`}`;
    if (write(promoted, to.id, around)) {
      const names = promoted.map(({ service }) => service).join(', ');
      say('');
      say(messages.next);
      say(`  git commit -m "Promote ${names} to ${to.id}" lib/environments.ts`);
      say(`  npx cdk diff ${context}`);
      say(`  npx cdk deploy --all ${context}`);
    }
    return 0;
  } catch (error) {
    if (signal.aborted) {
      say(messages.interrupted);
      return INTERRUPTED;
    }
    const isOfFrom = from !== undefined && String(error).includes(`Kumiki-${from.id}-`);
    const { id, region } = isOfFrom ? from : to;
    throw explained(error, id, region, isOfFrom ? '--from-region' : '--region');
  }
}

/** Writes the digests into the file, and prints each changed line. @returns whether a line has changed */
function write(promoted: readonly Promoted[], environment: string, { say, file }: PromoteSurroundings): boolean {
  const before = readFileSync(file, 'utf8');
  let text = before;
  for (const { service, digest } of promoted) {
    const edit = withDigest(text, file, { environment, service, digest });
    if (edit === undefined) {
      say(messages.unchanged({ service, digest, environment }));
      continue;
    }
    text = edit.text;
    say(messages.changed({ line: edit.line }));
    say(`- ${edit.before.trim()}`);
    say(`+ ${edit.after.trim()}`);
  }
  if (text === before) return false;
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return true;
}

if (require.main === module) void start(main);
