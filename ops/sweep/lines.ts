import { type Language, type Text, wordsIn } from '../kit/language';
import { padEnd } from '../kit/width';
import type { Swept } from './account';
import { type LeftOver, ONLY_CHANGE_SET, sumOf } from './left-overs';
import { messages } from './messages';
import type { Cost } from './prices';

/** A line for each stack, each left-over and each list that could not be read, with the verdict first. */
export function linesOf({ existing, leftOvers, notChecked }: Swept, language: Language): string[] {
  const line = (verdict: 'stack' | 'left' | 'stays' | 'not checked', text: Text) =>
    `  ${padEnd(messages[verdict][language], 'not checked'.length)}  ${text[language]}`;
  return [
    ...existing.map(({ name, status }) =>
      line(
        'stack',
        status === ONLY_CHANGE_SET ? messages.onlyChangeSet({ name, status }) : messages.deployed({ name, status }),
      ),
    ),
    ...leftOvers.map((each) => line(each.stays ? 'stays' : 'left', textOf(each))),
    ...notChecked.map((each) => line('not checked', messages.notRead(each))),
  ];
}

function textOf({ kind, id, name = id, cost, stays }: LeftOver): Text {
  const values = { kind: messages[kind], name, cost: costText(cost) };
  return stays === undefined ? messages.line(values) : messages.lineWithReason({ ...values, reason: stays });
}

function costText(cost: Cost): Text {
  if (typeof cost !== 'number') return messages[cost];
  return cost === 0 ? messages.free : messages.usd({ usd: cost.toFixed(2) });
}

/** What the list amounts to. */
export function summaryOf({ leftOvers, notChecked }: Swept, language: Language): string {
  const left = leftOvers.filter(({ stays }) => stays === undefined);
  const unread = unreadOf(notChecked.length);
  if (left.length === 0) return wordsIn(unread ? messages.nothingFound({ unread }) : messages.nothing, language);
  const sum = messages.sum({ number: left.length, usd: sumOf(leftOvers).toFixed(2) });
  return wordsIn(unread ? messages.andUnread({ what: sum, unread }) : sum, language);
}

/** What the deletion amounts to. `later` is the part of the rest that the same command may delete later. */
export function doneOf(
  counts: { readonly number: number; readonly rest: number; readonly later: number },
  unreadLists: number,
): Text {
  const done = counts.later > 0 ? messages.doneForNow(counts) : messages.done(counts);
  const unread = unreadOf(unreadLists);
  return unread ? messages.andUnread({ what: done, unread }) : done;
}

function unreadOf(number: number): Text | undefined {
  if (number === 0) return undefined;
  return number === 1 ? messages.listUnread : messages.listsUnread({ number });
}
