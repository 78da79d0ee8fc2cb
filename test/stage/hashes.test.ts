import { readdirSync, readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { fixtureOf } from '../support/fixture';
import { snapshotOf } from '../support/snapshot';
import { stageOf, synthesized, templatesOf } from '../support/stage';

const FOLDER = 'test/stage/snapshots/__snapshots__';

test('a change of a handler changes no snapshot [P5]', () => {
  const other = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });');
  const edited = templatesOf(stageOf(fixtureOf('trial'), { quotesCode: other }));
  const withoutCode = (template: Template) => snapshotOf(template).replace(/ {6}Code:\n( {8}.*\n)+/g, '');
  for (const [stack, template] of Object.entries(synthesized(fixtureOf('trial')))) {
    expect(withoutCode(edited[stack] as Template)).toBe(withoutCode(template));
  }
});

test('snapshots contain no hash [P5]', () => {
  const texts = readdirSync(FOLDER).map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8'));
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.filter((text) => /[0-9a-f]{64}/.test(text))).toEqual([]);
});
