import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  checkEndpoint,
  givenEndpoint,
  isRefused,
  localVariables,
  neededEndpoint,
  ownVariables,
} from '../../kit/endpoint';
import { folders } from '../../kit/folders';
import { freePort } from '../../kit/processes/free-port';
import { planted } from './fixtures/planted';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('reports an endpoint that does not answer in one line, and tells a refused connection from a timeout', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const error: unknown = await checkEndpoint(url).catch((reason) => reason);
  expect(error).toMatchObject({
    message: expect.stringContaining(`nothing answers at ${url}. Start it, or unset AWS_ENDPOINT_URL`),
  });
  expect(isRefused(error)).toBe(true);
  expect(isRefused(new Error('nothing answers', { cause: new DOMException('late', 'TimeoutError') }))).toBe(false);
});

test.each(['localhost', 'localhost:4566', 'zzz', 'ftp://127.0.0.1'])('refuses %s, which is not a URL', (url) => {
  expect(() => givenEndpoint({ AWS_ENDPOINT_URL: url })).toThrow(
    `AWS_ENDPOINT_URL: "${url}" is not a URL. Set it to http://127.0.0.1:4566, for example, or unset it.`,
  );
});

test.each([undefined, ''])(
  'the environment local needs an endpoint, so that it never reaches a real account: %p',
  (url) => {
    expect(() => neededEndpoint({ AWS_ENDPOINT_URL: url })).toThrow(/AWS_ENDPOINT_URL is not set\. Run `npm start`/);
  },
);

test('removes the slash at the end of an endpoint, and unsets an empty one', () => {
  expect(givenEndpoint({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566//' })).toBe('http://127.0.0.1:4566');
  const variables = { AWS_ENDPOINT_URL: '' };
  expect(givenEndpoint(variables)).toBeUndefined();
  expect(variables).toEqual({});
});

test('keeps only the paths and the language of the user', () => {
  const { variables } = planted(folder);
  const search = [dirname(process.execPath), '/user/bin'].join(':');
  expect(ownVariables({ ...variables, NODE_OPTIONS: '--require /user.js', PATH: '/user/bin', TMPDIR: '/tmp' })).toEqual(
    {
      PATH: search,
      TMPDIR: '/tmp',
      LANG: 'en_GB.UTF-8',
      LC_TIME: 'C',
      HOME: folders.temporary,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_PROXY: '*',
      no_proxy: '*',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: 'true',
      NODE_NO_WARNINGS: '1',
    },
  );
  // A process that has adopted these variables gets the same PATH again.
  expect(ownVariables({ PATH: search }).PATH).toBe(search);
});

test('an SDK of the local deployment uses the dummy keys and the endpoint, whatever the user has configured', async () => {
  const asked: string[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${/Credential=(\w+\/\d+\/[\w-]+\/\w+)/.exec(headers.authorization ?? '')?.[1]}`);
    if ('x-amz-security-token' in headers) asked.push('a session token');
    response.statusCode = 400;
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { variables, mark } = planted(folder);
  const program = 'lab/test/local/fixtures/asks-aws.cjs';
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: localVariables(url, variables) });
  server.closeAllConnections();
  server.close();
  expect(JSON.parse(stdout)).toEqual({ accessKeyId: 'test' });
  expect(asked).toEqual([
    expect.stringMatching(/^\/ test\/\d{8}\/us-east-1\/dynamodb$/),
    expect.stringMatching(/^\/ test\/\d{8}\/us-east-1\/ec2$/),
  ]);
  expect(existsSync(mark)).toBe(false);
});
