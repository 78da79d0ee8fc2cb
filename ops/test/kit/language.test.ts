import { Failure, inEnglish, languageOf, message, textOf } from '../../kit/language';

test.each([
  [{}, 'en'],
  [{ LANG: 'ja_JP.UTF-8' }, 'ja'],
  [{ LANG: 'ja' }, 'ja'],
  [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'ja_JP.UTF-8' }, 'ja'],
  [{ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }, 'en'],
  [{ LANG: 'ja_JP.UTF-8', LC_ALL: '', LC_MESSAGES: '' }, 'ja'],
  [{ LANG: 'jam_JM' }, 'en'],
])('an environment with %j has the language %s', (variables, language) => {
  expect(languageOf([], variables)).toBe(language);
});

test('--lang counts more than the environment', () => {
  expect(languageOf(['--once', '--lang', 'en'], { LANG: 'ja_JP.UTF-8' })).toBe('en');
  expect(languageOf(['--lang=ja'], { LANG: 'C' })).toBe('ja');
});

test('an unknown --lang is refused in the language of the environment', () => {
  expect(languageOf(['--lang', 'fr'], { LANG: 'ja_JP.UTF-8' })).toBe('ja');
});

test('fills placeholders with the words of each language', () => {
  const stack = message({ en: 'a stack', ja: 'スタック' });
  const failed = message({ en: '{what} failed ({code})', ja: '{what} に失敗（{code}）' });
  expect(failed({ what: stack, code: 3 })).toEqual({ en: 'a stack failed (3)', ja: 'スタックに失敗（3）' });
  expect(failed({ what: 'S1', code: 3 }).ja).toBe('S1 に失敗（3）');
});

test('JSON is in English, and errors of others stay as they are', () => {
  const text = message({ en: 'no', ja: 'いいえ' });
  expect(JSON.stringify({ a: [text], b: { en: 1 } }, inEnglish)).toBe('{"a":["no"],"b":{"en":1}}');
  expect(new Failure(text).message).toBe('no');
  expect(textOf(new Failure(text)).ja).toBe('いいえ');
  expect(textOf(new Error('boom'))).toEqual({ en: 'boom', ja: 'boom' });
});
