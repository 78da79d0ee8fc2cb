import { read } from '../../../test/support/documents';
import { table } from '../../kubernetes-proof/table';

interface Line {
  readonly step: string;
  readonly proves: string;
}

/** The steps and the rows that are not proven, in the order in which the proof prints them. */
const lines: readonly Line[] = ['run', 'placement', 'proof', 'run'].flatMap((file, index) =>
  Array.from(
    read(`lab/kubernetes-proof/${file}.ts`).matchAll(
      index < 3
        ? /step: '(?<step>[^']+)',\s+proves: ['`](?<proves>[^'`]+)['`]/g
        : /row\(\s+'(?<step>[^']+)',\s+'(?<proves>[^']+)'/g,
    ),
    ({ groups: { step = '', proves = '' } = {} }) => ({ step, proves }),
  ),
);

const PAGES = ['docs/kubernetes.md', 'docs/kubernetes.ja.md'];

test.each(PAGES)('the sample of %s has every line of the proof', (file) => {
  const printed = printedLinesOf(sampleOf(file)).map(({ step, proves }) => ({
    step,
    // A template literal has numbers from the prediction.
    proves: lines.find((line) => line.step === step && matches(line.proves, proves))?.proves ?? proves,
  }));
  expect(printed).toEqual(lines);
});

test.each(PAGES)('the sample of %s has the columns and the counts that the proof prints', (file) => {
  const sample = sampleOf(file);
  const rows = printedLinesOf(sample).map(({ step, proves, proven }) => ({
    name: step,
    proves,
    result: '',
    verdict: proven ? ('pass' as const) : ('not proven here' as const),
  }));
  const printed = table.render(rows).split('\n');
  const columns = sample.indexOf('step') + Math.max(...rows.map(({ name }) => name.length));
  expect(sample.split('\n').slice(0, rows.length + 2)).toEqual(
    printed.slice(0, rows.length + 2).map((line) => line.slice(0, columns).trimEnd()),
  );
  expect(sample.split('\n').at(-1)).toBe(printed.at(-1));
});

function sampleOf(file: string): string {
  const [sample = ''] = read(file).match(/^verdict .*?^\d+ passed[^\n]*/ms) ?? [];
  return sample;
}

function printedLinesOf(sample: string): (Line & { readonly proven: boolean })[] {
  return Array.from(
    sample.matchAll(/^(pass|not proven) +(\S.*?) {2,}(\S.*)$/gm),
    ([, verdict, proves = '', step = '']) => ({ step, proves, proven: verdict === 'pass' }),
  );
}

/** Compares a text with a template literal, whose expressions stand for numbers. */
function matches(template: string, text: string): boolean {
  const pattern = template.replace(/[.*+?^()|[\]\\]/g, '\\$&').replace(/\$\{\w+\}/g, '\\d+');
  return new RegExp(`^${pattern}$`).test(text);
}
