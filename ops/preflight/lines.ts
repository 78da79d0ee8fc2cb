import stringWidth from 'string-width';
import { type Language, type Text, type Words, wordsIn } from '../kit/language';
import { aligned } from '../kit/table';
import { messages } from './messages';
import { blocks, type Checked } from './outcome';

/** Columns of a page for code, and of a terminal that is not wide. */
const COLUMNS = 98;
/** Columns below which the last cell would be hard to read. */
const LEAST = 30;
/** Columns of the cell with what is needed, which is wrapped, too. */
const NEEDED = 26;

/**
 * The table, with the verdict first. What to do stands below its row in full, because it has commands to copy. Other cells are
 * wrapped to the width.
 *
 * @param columns of the terminal. @default 98
 */
export function linesOf(checked: readonly Checked[], language: Language, columns = COLUMNS): string[] {
  const inLanguage = (words: Words = '') => wordsIn(words, language);
  const rows = checked.map((row) => ({
    starts: [inLanguage(messages[row.verdict]), inLanguage(row.check)],
    needed: wrapped(inLanguage(row.needed), NEEDED),
    there: row.there[language],
    todo: row.todo?.[language],
  }));
  const headings = [messages.verdict, messages.what, messages.needed].map(inLanguage);
  const widthOf = (column: number) =>
    Math.max(...[headings, ...rows.map(({ starts }) => starts)].map((cells) => stringWidth(cells[column] ?? '')));
  const neededWidth = Math.max(
    ...[headings[2] ?? '', ...rows.flatMap(({ needed }) => needed)].map((text) => stringWidth(text)),
  );
  const room = Math.max(LEAST, columns - widthOf(0) - widthOf(1) - neededWidth - 6);
  const cells: string[][] = [];
  const todoBelow = new Map<number, string>();
  for (const { starts, needed, there, todo } of rows) {
    const last = wrapped(there, room);
    for (let line = 0; line < Math.max(needed.length, last.length); line += 1) {
      cells.push([...(line === 0 ? starts : ['', '']), needed[line] ?? '', last[line] ?? '']);
    }
    if (todo !== undefined) todoBelow.set(cells.length, `${' '.repeat(widthOf(0) + 2)}→ ${todo}`);
  }
  const last = `${inLanguage(messages.there)} → ${inLanguage(messages.whatToDo)}`;
  const { lines, rule } = aligned([[...headings, last], ...cells]);
  return lines.flatMap((line, index) => [line, ...(index === 0 ? [rule] : []), todoBelow.get(index) ?? []].flat());
}

/** The counts, and whether the deployment has to wait. */
export function summaryOf(checked: readonly Checked[]): Text {
  const count = (verdict: Checked['verdict']) => checked.filter((row) => row.verdict === verdict).length;
  const summary = messages.summary({
    passed: count('pass'),
    warnings: count('warning'),
    problems: count('problem'),
    unchecked: count('not checked'),
  });
  return checked.some(blocks) ? messages.blocked({ summary }) : messages.ready({ summary });
}

/** Lines of at most `width` columns. A word that is wider stays whole, because it may be a name to copy. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of wordsOf(text)) {
    const longer = (lines.at(-1) ?? '') + word;
    if (lines.at(-1) === '' || stringWidth(longer.trimEnd()) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
}

const JAPANESE = /[\u3000-\u9fff\uff00-\uffef]/;
const SEGMENTER = new Intl.Segmenter('ja', { granularity: 'word' });

/** Pieces between which a line may end. Japanese has no blanks between words, and no line begins with 、 or ends with （. */
function wordsOf(text: string): string[] {
  return text.split(/(?<= )/).flatMap((part) => {
    if (!JAPANESE.test(part)) return [part];
    const words: string[] = [];
    for (const { segment } of SEGMENTER.segment(part)) {
      const last = words.at(-1) ?? '';
      const inName = !JAPANESE.test(last.slice(-1)) && !JAPANESE.test(segment);
      if (last !== '' && (inName || /[（「]$/.test(last) || /^[、。；：）」ー]/.test(segment))) {
        words[words.length - 1] = last + segment;
      } else words.push(segment);
    }
    return words;
  });
}
