import stringWidth from 'string-width';
import { type Language } from '../../ops/kit/language';
import { messages as kit } from '../kit/messages';
import { stepLine } from '../kit/terminal';
import { messages as local } from '../local/messages';
import { messages as tour } from '../tour/messages';
import { table } from '../tour/table';
import { date, english, recordedRows, recordedSteps } from './recording';
import { escaped, rounded } from './svg';
import { words } from './words';

/** Names of the recorded rows that the picture shows, because all of them would be too many. */
const SHOWN: readonly string[] = [
  'GET /quotes/KUMI',
  'GET /analysis/KUMI?days=30',
  'GET /history/KUMI?days=30',
  'GET /quotes/KUMI?at=soon',
  'GET /quotes/KUMI unsigned',
  'GET /quotes/KUMI twice, 1.2 s between',
  'GET /quotes/KUMI, initialization-type',
  'HTTP API: GET /quotes/KUMI',
  'HTTP API: GET /history/KUMI?days=30',
  'WebSocket connect, unsigned',
  'WebSocket, lambda invoke ticker, three ticks',
  'WebSocket, many connections x 20 symbols',
  'WebSocket disconnect, dynamodb query',
  'eks describe-cluster',
  'GET /k8s/history/KUMI?days=30',
  'cloudformation validate-template',
];

/** Columns of the terminal. A page on GitHub has as many in a block of code. */
const COLUMNS = 98;
const WIDTH = 838;
const LEFT = 22;
const COLUMN = (WIDTH - 2 * LEFT) / COLUMNS;
/** A character is 0.6 of the size wide in the usual fonts of terminals. */
const SIZE = rounded(COLUMN / 0.6);
const LINE = 19;
const FONT =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono','Noto Sans Mono CJK JP','Noto Sans CJK JP',monospace";

/** What a terminal shows of a run, cut at its width. */
export function startLines(language: Language): string[] {
  const say = words.start;
  const rows = recordedRows();
  const shown = SHOWN.map((name) => {
    const row = rows.find((each) => english(each.name) === name);
    if (row === undefined) throw new Error(`recording.json: has no row "${name}"`);
    return row;
  });
  const more = `${say.leftBefore[language]}${rows.length - shown.length}${say.left[language]}`;
  return [
    say.command[language],
    ...local.title[language].split('\n'),
    ...recordedSteps().map(({ name, result, seconds }) => stepLine(name, result, language, seconds)),
    '',
    ...table.render(shown, language, COLUMNS).split('\n').slice(0, -2),
    more,
    '',
    counts(language),
  ];
}

/** A recorded run of `npm start` as a terminal, which is dark in both schemes. */
export function start(language: Language): string {
  const say = words.start;
  const lines = startLines(language);
  const top = 44;
  const height = top + lines.length * LINE + 40;
  const note = say.note[language].replace('{date}', date);
  const styles = [
    `text{font-family:${FONT};font-size:${SIZE}px;fill:#d6dde6;white-space:pre}`,
    '.good{fill:#6fd08c}.open{fill:#e3b25a}.bad{fill:#ff8b82}.quiet{fill:#8b949e}.typed{fill:#fff;font-weight:700}',
  ];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" lang="${language}" xml:lang="${language}" role="img" aria-labelledby="title desc">`,
    '<!-- Written by npm run pictures, from lab/pictures. -->',
    `<title id="title">${escaped(say.title[language])}</title>`,
    `<desc id="desc">${escaped(say.description[language])} ${escaped(note)}</desc>`,
    `<style>${styles.join('\n')}</style>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10" fill="#11161d" stroke="#30363d"/>`,
    ...['#ff6159', '#ffbd2e', '#28c941'].map(
      (fill, index) => `<circle cx="${24 + 20 * index}" cy="20" r="6" fill="${fill}"/>`,
    ),
    ...lines.flatMap((line, index) => cellsOf(line).map((cell) => textOf(cell, top + (index + 0.75) * LINE, language))),
    `<text class="quiet" x="${LEFT}" y="${height - 16}">${escaped(note)}</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

interface Cell {
  /** Position of its first character in the line, and on the terminal. */
  readonly index: number;
  readonly column: number;
  readonly text: string;
}

/** The cells of a line, each at its column, so that a font in which Japanese has another width moves no cell. */
function cellsOf(line: string): Cell[] {
  return Array.from(line.matchAll(/\S+(?: \S+)*/g), ({ 0: text, index }) => {
    return { index, column: stringWidth(line.slice(0, index)), text };
  });
}

function toneOf(text: string, language: Language): string {
  if (text.startsWith('$')) return 'typed';
  if (text === kit.pass[language] || text === counts(language)) return 'good';
  if (text === tour.unprovenShort[language]) return 'open';
  if (text === kit.FAIL[language]) return 'bad';
  return /^(-+|…)/.test(text) ? 'quiet' : '';
}

/** The last line of the table. */
function counts(language: Language): string {
  return table.render(recordedRows(), language).split('\n').at(-1) ?? '';
}

function textOf({ index, column, text }: Cell, y: number, language: Language): string {
  // A verdict, or a whole line, begins at the left.
  const tone = index === 0 || /^-+$/.test(text) ? toneOf(text, language) : '';
  const tag = tone === '' ? '<text' : `<text class="${tone}"`;
  return `${tag} x="${rounded(LEFT + column * COLUMN)}" y="${rounded(y)}">${escaped(text)}</text>`;
}
