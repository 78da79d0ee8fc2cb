import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, pictures } from '../../pictures/pictures';
import { Picture } from '../../pictures/svg';

const generated = pictures();

test('the folder of pictures holds the generated pictures and no other file', () => {
  expect(readdirSync(folder).toSorted()).toEqual([...generated.keys()].toSorted());
});

test.each([...generated])('%s is what npm run pictures writes', (file, content) => {
  expect(readFileSync(join(folder, file), 'utf8')).toBe(content);
});

test.each([...generated])('%s has a title and a description', (_, content) => {
  expect(content).toMatch(/<title id="title">.+<\/title>/);
  expect(content).toMatch(/<desc id="desc">.+<\/desc>/);
});

// A terminal is dark in both schemes, and the console of AWS is drawn as it looks in the light one.
test.each([...generated].filter(([file]) => !/^(start|dashboard)\./.test(file)))(
  '%s has colours for a dark page',
  (_, content) => {
    expect(content).toContain('@media (prefers-color-scheme:dark)');
  },
);

test.each([...generated.keys()].filter((file) => file.endsWith('.ja.svg')))('%s has Japanese text', (file) => {
  const texts = Array.from(generated.get(file)?.matchAll(/<text[^>]*>(.*?)<\/text>/g) ?? [], ([, text = '']) => text);
  expect(texts.filter((text) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(text)).length).toBeGreaterThan(1);
});

test('a text that is wider than its box is an error', () => {
  const picture = new Picture({ width: 100, height: 100, size: 20, language: 'ja', title: 't', description: 'd' });
  expect(() => picture.box([0, 0, 100, 50], 'plain', { name: '四文字だ' })).not.toThrow();
  expect(() => picture.box([0, 0, 100, 50], 'plain', { name: '五文字です' })).toThrow('"五文字です" needs');
});

test.each(['en', 'ja'])('the pictures in %s show every construct', (language) => {
  const own = [...generated].filter(([file]) => file.endsWith('.ja.svg') === (language === 'ja'));
  const shown = own.flatMap(([, content]) =>
    Array.from(content.matchAll(/data-construct="([^"]+)"/g), ([, names = '']) => names.split(' ')).flat(),
  );
  const constructs = readdirSync('lib/constructs').map((file) => file.replace('.ts', ''));
  expect([...new Set(shown)].toSorted()).toEqual(constructs.toSorted());
});
