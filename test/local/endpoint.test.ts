import { freePort } from '../../local/emulator';
import { checkEndpoint, givenEndpoint, isRefused } from '../../local/endpoint';

test('says in one line that nothing answers, and can tell that nothing listens', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const error: unknown = await checkEndpoint(url).catch((reason) => reason);
  expect(error).toMatchObject({
    message: expect.stringContaining(`nothing answers at ${url}. Start it, or unset AWS_ENDPOINT_URL`),
  });
  expect(isRefused(error)).toBe(true);
  expect(isRefused(new Error('nothing answers', { cause: new DOMException('late', 'TimeoutError') }))).toBe(false);
});

test.each(['localhost', 'localhost:4566', 'zzz', 'ftp://127.0.0.1'])('says that %s is not a URL', (url) => {
  expect(() => givenEndpoint({ AWS_ENDPOINT_URL: url })).toThrow(
    `AWS_ENDPOINT_URL: "${url}" is not a URL. Give one as in http://127.0.0.1:4566, or unset it.`,
  );
});

test('takes an endpoint without its last slash, and an empty one for none', () => {
  expect(givenEndpoint({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566//' })).toBe('http://127.0.0.1:4566');
  const variables = { AWS_ENDPOINT_URL: '' };
  expect(givenEndpoint(variables)).toBeUndefined();
  expect(variables).toEqual({});
});
