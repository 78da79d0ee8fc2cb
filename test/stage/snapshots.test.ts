import { readdirSync, readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { stringify } from 'yaml';
import { configOf, stageOf, synthesized, templatesOf } from '../support/stage';
import '../support/match-file';

const FOLDER = 'test/stage/snapshots';

/** A template as YAML, without what changes when only code does: asset hashes, and the ids made from them. */
function snapshotOf(template: Template): string {
  return stringify(template.toJSON(), { lineWidth: 0, aliasDuplicateObjects: false })
    .replace(/[0-9a-f]{64}/g, '<hash>')
    .replace(/((?:CurrentVersion|Deployment)[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>');
}

const asDeployed = synthesized(configOf('sandbox'));
const withCluster = synthesized(configOf('sandbox', { kubernetes: 'true' }));

describe.each<[string, Record<string, Template>]>([
  // The cluster, which has to be switched on there, is snapshotted, too.
  ['sandbox', { ...asDeployed, Kubernetes: withCluster['Kubernetes'] as Template }],
  ['production', synthesized(configOf('production'))],
])('%s', (name, templates) => {
  test.each(Object.keys(templates))('deploys the %s stack as its snapshot says', (stack) => {
    expect(snapshotOf(templates[stack] as Template)).toMatchFile(`${FOLDER}/${name}/${stack}.yaml`);
  });
});

test('editing a handler changes no snapshot [P5]', () => {
  const other = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });');
  const edited = templatesOf(stageOf(configOf('sandbox'), { quotesCode: other }));
  const withoutCode = (text: string) => text.replace(/ {6}Code:\n( {8}.*\n)+/g, '');
  for (const stack of Object.keys(asDeployed)) {
    expect(withoutCode(snapshotOf(edited[stack] as Template))).toBe(
      withoutCode(snapshotOf(asDeployed[stack] as Template)),
    );
  }
});

test('snapshots hold no hash [P5]', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  const texts = files.map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8'));
  expect(texts.filter((text) => /[0-9a-f]{64}/.test(text))).toEqual([]);
});
