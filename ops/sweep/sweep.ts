import { setTimeout as sleep } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount, type Environments } from '../../lib/context';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { environments } from '../../lib/environments';
import { clientOptions } from '../kit/client';
import { explain, explained } from '../kit/errors';
import { Failure } from '../kit/language';
import { optionsOf } from '../kit/options';
import { patiently } from '../kit/patience';
import { start } from '../kit/start';
import { targetOf } from '../kit/target';
import { INTERRUPTED, isYes, type Terminal, terminal, untilAborted, YES_OR_NO } from '../kit/terminal';
import { askLeftOvers, type Swept } from './account';
import { sweepCommand } from './command';
import { doneOf, linesOf, summaryOf } from './lines';
import { messages } from './messages';
import { type Rest, remove } from './remove';

/**
 * Lists what is left of an environment in the account, and deletes it on demand.
 *
 * @returns the exit code: 0 if nothing is left
 */
export async function main(
  args: readonly string[],
  around: Terminal = terminal(),
  known: Environments = environments,
): Promise<number> {
  const { environment, region, ...values } = optionsOf(
    sweepCommand,
    {
      environment: { type: 'string' },
      region: { type: 'string' },
      delete: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
    args,
  );
  const config = targetOf({ environment, region }, sweepCommand, {}, known);
  const { id, disposable } = config;
  if (values.yes && !values.delete) throw new Failure(messages.yesAlone);
  if (values.delete && !disposable) throw new Failure(messages.notDisposable({ id }));
  if (values.delete && !values.yes && around.ask === undefined) throw new Failure(messages.noQuestion);
  const others = Object.keys(known).filter((name) => name !== id);
  try {
    return await sweep(config, { ...values, others }, around);
  } catch (error) {
    throw explained(error, id, config.region);
  }
}

interface Options {
  readonly delete: boolean;
  readonly yes: boolean;
  /** Ids of the other environments. */
  readonly others: readonly string[];
}

async function sweep(config: EnvironmentConfig, options: Options, around: Terminal): Promise<number> {
  const { say, language, signal } = around;
  const { id, region } = config;
  let swept: Swept;
  let left: number;
  try {
    const asked = new STSClient(clientOptions(region)).send(new GetCallerIdentityCommand());
    const { Account: account = '' } = await patiently(untilAborted(signal, asked));
    checkAccount(config, account);
    swept = await patiently(untilAborted(signal, askLeftOvers(config, options.others)));
    say(messages.heading({ id, region }));
    for (const line of linesOf(swept, language)) say(line);
    say(summaryOf(swept, language));
    say(messages.shared);
    left = swept.leftOvers.filter(({ stays }) => stays === undefined).length;
    if (left === 0) return swept.notChecked.length > 0 ? 1 : 0;
    if (!options.delete) {
      if (config.disposable) say(messages.howToDelete({ id, region }));
      return 1;
    }
    if (!options.yes && !(await agrees(left, account, around))) {
      say(messages.kept);
      return 1;
    }
    signal.throwIfAborted();
  } catch (error) {
    if (!signal.aborted) throw error;
    say('');
    say(messages.kept);
    return INTERRUPTED;
  }
  const { failed, later } = await removeAll(swept, config, around);
  const rest = failed.length + later.length;
  const counts = { number: left - rest, rest, later: later.length };
  const interrupted = signal.aborted && rest > 0;
  say(interrupted ? messages.interrupted(counts) : doneOf(counts, swept.notChecked.length));
  if (interrupted) return INTERRUPTED;
  return rest > 0 || swept.notChecked.length > 0 ? 1 : 0;
}

async function agrees(number: number, account: string, { ask, language }: Terminal): Promise<boolean> {
  const question = number === 1 ? messages.questionOfOne({ account }) : messages.question({ number, account });
  return isYes((await ask?.(`${question[language]} ${YES_OR_NO} `)) ?? '');
}

function removeAll({ leftOvers }: Swept, { id, region }: EnvironmentConfig, { say, signal }: Terminal): Promise<Rest> {
  return remove(leftOvers, region, {
    // The deletion that is under way ends first. A second Ctrl-C ends the process.
    interrupted: () => signal.aborted,
    wait: (seconds) => sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined),
    onDeleted: ({ kind, id: own, name = own }) => say(messages.deleted({ kind: messages[kind], name })),
    onFailed: ({ kind, id: own, name = own }, error) =>
      say(messages.notDeleted({ kind: messages[kind], name, reason: explain(error, id, region) })),
    onWait: (number, seconds) => say(messages.waits({ number, seconds })),
    onSlow: ({ kind, id: own, name = own }, minutes, most) =>
      say(messages.waitsForSlow({ kind: messages[kind], name, minutes, most })),
  });
}

if (require.main === module) void start(main);
