import { read } from '../../../test/support/documents';

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

test.each(['docs/kubernetes.md', 'docs/kubernetes.ja.md'])('%s has every line of the proof in its sample', (file) => {
  const [sample = ''] = read(file).match(/^verdict .*^\d+ passed.*$/ms) ?? [];
  const printed = Array.from(sample.matchAll(/^(pass|not proven) +(\S.*?) {2,}(\S.*)$/gm), ([, , proves, step]) => ({
    step,
    // A template literal has numbers from the prediction.
    proves: lines.find((line) => line.step === step && matches(line.proves, proves ?? ''))?.proves ?? proves,
  }));
  expect(printed).toEqual(lines);
  const passed = sample.match(/^pass /gm)?.length;
  const unproven = sample.match(/^not proven /gm)?.length;
  expect(sample).toContain(`\n${passed} passed, 0 failed, ${unproven} not proven here`);
});

/** Compares a text with a template literal, whose expressions stand for numbers. */
function matches(template: string, text: string): boolean {
  const pattern = template.replace(/[.*+?^()|[\]\\]/g, '\\$&').replace(/\$\{\w+\}/g, '\\d+');
  return new RegExp(`^${pattern}$`).test(text);
}
