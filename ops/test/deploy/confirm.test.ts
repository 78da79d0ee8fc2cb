import { PassThrough } from 'node:stream';
import { confirmed } from '../../deploy/confirm';
import { askOn, isYes } from '../../kit/terminal';

test('the end of the input, as after Ctrl-D, is no consent, and the command does not end without a word', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const ask = (question: string) => {
    setImmediate(() => input.end());
    return askOn(input, output, question);
  };
  const question = { en: 'Deploy?', ja: 'デプロイしますか？' };
  const consent = confirmed({ id: 'trial', disposable: true }, { yes: false }, { ask, language: 'ja', question });
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 1_000).unref());
  await expect(Promise.race([consent, late])).rejects.toMatchObject({
    text: { en: 'Not confirmed. Nothing was changed.', ja: '確認されませんでした。何も変更していません。' },
  });
  expect(String(output.read())).toContain('デプロイしますか？ [y/N] ');
});

test('an answer on the terminal is that of the person', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = askOn(input, output, 'Deploy? ');
  input.write('はい\n');
  expect(isYes(await answer)).toBe(true);
});
