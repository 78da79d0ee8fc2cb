import { type Text, type Words } from '../../ops/kit/language';
import { messages as local } from '../local/messages';
import { claims } from '../tour/experiments';
import { messages as tour } from '../tour/messages';
import { Row } from '../tour/table';
import recording from './recording.json';

/** The date of the recorded run. */
export const { date } = recording;

const VERDICTS: readonly Row['verdict'][] = ['pass', 'FAIL', 'not modelled by this endpoint'];

/** Texts of steps and results that the commands print in the language of their reader. The others are names. */
const TEXTS: readonly Text[] = [
  local.emulator,
  local.synthesis,
  local.container,
  local.deployed,
  local.standInsNeeded,
  tour.noRequestId,
  tour.gone,
];
/** Texts with numbers, in the order of the numbers. */
const COUNTS: readonly ((numbers: readonly string[]) => Text)[] = [
  ([number = '']) => local.stacks({ number }),
  ([number = '']) => local.resources({ number }),
  ([number = '']) => tour.cachedMethods({ number }),
  ([number = '']) => tour.ticks({ number }),
  ([healthy = '', all = '']) => tour.healthy({ healthy, all }),
  ([connections = '', delivered = '']) => tour.delivered({ connections, delivered }),
];

/** The recorded English text as the commands print it in both languages, or the text itself, such as a name of AWS. */
function inWords(english: string): Words {
  const numbers = english.match(/\d+/g) ?? [];
  return [...TEXTS, ...COUNTS.map((count) => count(numbers))].find(({ en }) => en === english) ?? english;
}

/** The recorded rows. @throws for a verdict that the table does not know, because the table would not count it */
export function recordedRows(): Row[] {
  return recording.rows.map(({ name, proves, result, milliseconds, verdict }) => {
    const known = VERDICTS.find((each) => each === verdict);
    if (known === undefined) throw new Error(`recording.json: no row of the table has the verdict "${verdict}"`);
    const claim = claims.find(({ path }) => english(path) === name);
    return {
      name: claim?.path ?? inWords(name),
      proves: claim?.proves ?? inWords(proves),
      result: inWords(result),
      milliseconds,
      verdict: known,
    };
  });
}

/** The recorded steps, from the start of the emulator to the end of the deployment. */
export function recordedSteps(): { name: Words; result: Words; seconds: number }[] {
  return recording.steps.map(({ name, result, seconds }) => ({
    name: inWords(name),
    result: inWords(result),
    seconds,
  }));
}

/** The English text. */
export function english(words: Words): string {
  return typeof words === 'object' ? words.en : String(words);
}
