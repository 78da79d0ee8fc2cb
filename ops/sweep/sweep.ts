import { setTimeout as sleep } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount } from '../../lib/context';
import { environments } from '../../lib/environments';
import { askOn, isYes, YES_OR_NO } from '../deploy/confirm';
import { explain, fail } from '../kit/errors';
import { Failure, languageOf, type Text, textOf } from '../kit/language';
import { optionsOf } from '../kit/options';
import { patiently } from '../kit/patience';
import { targetOf } from '../kit/target';
import { askLeftOvers, type Swept } from './account';
import { sweepCommand } from './command';
import { doneOf, linesOf, summaryOf } from './lines';
import { settings } from './lists';
import { messages } from './messages';
import { remove } from './remove';

/** Lists what is left of an environment in the account, and deletes it on demand. */
async function main(): Promise<void> {
  const values = optionsOf(sweepCommand, {
    environment: { type: 'string' },
    region: { type: 'string' },
    delete: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  });
  const config = targetOf(values, sweepCommand);
  const { id, region } = config;
  if (values.yes && !values.delete) throw new Failure(messages.yesAlone);
  if (values.delete && !config.disposable) throw new Failure(messages.notDisposable({ id }));
  if (values.delete && !values.yes && !process.stdin.isTTY) throw new Failure(messages.noQuestion);
  const language = languageOf();
  const say = (text: Text) => console.log(text[language]);
  try {
    const asked = new STSClient(settings(region)).send(new GetCallerIdentityCommand());
    const { Account: account = '' } = await patiently(asked);
    checkAccount(config, account);
    const others = Object.keys(environments).filter((name) => name !== id);
    const swept = await patiently(askLeftOvers(config, others));
    say(messages.heading({ id, region }));
    for (const line of linesOf(swept, language)) console.log(line);
    console.log(summaryOf(swept, language));
    say(messages.shared);
    const left = swept.leftOvers.filter(({ stays }) => stays === undefined);
    if (swept.notChecked.length > 0) process.exitCode = 1;
    if (left.length === 0) return;
    process.exitCode = 1;
    if (!values.delete) {
      if (config.disposable) say(messages.howToDelete({ id, region }));
      return;
    }
    if (!values.yes && !(await agrees(left.length, account))) {
      say(messages.kept);
      return;
    }
    await removeAll(swept, left.length);
    if (process.exitCode !== 130 && swept.notChecked.length > 0) process.exitCode = 1;
  } catch (error) {
    fail(error, explain(error, id, region));
  }

  async function removeAll({ leftOvers, notChecked }: Swept, number: number): Promise<void> {
    const interruption = new AbortController();
    // The deletion that is under way ends first. A second Ctrl-C ends the process.
    process.once('SIGINT', () => interruption.abort());
    const { signal } = interruption;
    const rest = await remove(leftOvers, region, {
      interrupted: () => signal.aborted,
      wait: (seconds) => sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined),
      onDeleted: ({ kind, id: own, name = own }) => say(messages.deleted({ kind: messages[kind], name })),
      onFailed: ({ kind, id: own, name = own }, error) =>
        say(messages.notDeleted({ kind: messages[kind], name, reason: explained(error) })),
      onWait: (waiting, seconds) => say(messages.waits({ number: waiting, seconds })),
    });
    const counts = { number: number - rest.length, rest: rest.length };
    say(signal.aborted && rest.length > 0 ? messages.interrupted(counts) : doneOf(counts, notChecked.length));
    process.exitCode = rest.length === 0 ? 0 : signal.aborted ? 130 : 1;
  }

  function explained(error: unknown): Text {
    return error instanceof Error ? explain(error, id, region) : textOf(error);
  }
}

async function agrees(number: number, account: string): Promise<boolean> {
  const language = languageOf();
  const question = number === 1 ? messages.questionOfOne({ account }) : messages.question({ number, account });
  const interrupt = () => {
    console.log(`\n${messages.kept[language]}`);
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  try {
    return isYes(await askOn(process.stdin, process.stdout, `${question[language]} ${YES_OR_NO} `));
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

if (require.main === module) main().catch(fail);
