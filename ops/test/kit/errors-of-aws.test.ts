import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { concernsAll, explain } from '../../kit/errors';

const before = { ...process.env };
beforeEach(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }));
afterEach(() => {
  process.env = { ...before };
});

const cloudFormation = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Receiver</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
const describeStacks = (endpoint?: string) =>
  new CloudFormationClient({ region: 'eu-west-1', endpoint, maxAttempts: 1 }).send(new DescribeStacksCommand({}));
const listFunctions = (endpoint?: string) =>
  new LambdaClient({ region: 'eu-west-1', endpoint, maxAttempts: 1 }).send(new ListFunctionsCommand({}));

/** The error with which a client ends when it gets the answer. */
async function errorAfter(
  ask: (endpoint: string) => Promise<unknown>,
  [status, body]: readonly [status: number, body: string],
): Promise<unknown> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port }: AddressInfo = Object.assign({ port: 0, family: '', address: '' }, server.address());
  try {
    return await ask(`http://127.0.0.1:${port}`).catch((error: unknown) => error);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

const HTML = '<html><body>Bad Gateway</body></html>';

test.each([
  [
    'throttling',
    describeStacks,
    [400, cloudFormation('Throttling', 'Rate exceeded')],
    'Too many requests: CloudFormation (AWS in eu-west-1) throttles this account (Rate exceeded), also after several attempts. Wait a minute and run the same command again.',
    /^リクエストが多すぎます。.*CloudFormation（eu-west-1 の AWS）.*もう一度実行してください。$/,
  ],
  [
    'throttling of an API that speaks JSON',
    listFunctions,
    [429, JSON.stringify({ __type: 'TooManyRequestsException', message: 'Rate exceeded' })],
    'Too many requests: Lambda (AWS in eu-west-1) throttles this account (Rate exceeded), also after several attempts. Wait a minute and run the same command again.',
    /Lambda/,
  ],
  [
    'an internal error',
    describeStacks,
    [500, cloudFormation('InternalFailure', 'We encountered an internal error.')],
    'CloudFormation (AWS in eu-west-1) has a failure of its own (HTTP 500, We encountered an internal error). Wait a minute and run the same command again.',
    /^CloudFormation（eu-west-1 の AWS） ?の側で障害/,
  ],
  [
    'the page of a gateway',
    describeStacks,
    [502, HTML],
    'CloudFormation (AWS in eu-west-1) has a failure of its own (HTTP 502). Wait a minute and run the same command again.',
    /HTTP 502/,
  ],
  [
    'the page of a gateway instead of JSON',
    listFunctions,
    [502, HTML],
    'AWS in eu-west-1 has a failure of its own (HTTP 502). Wait a minute and run the same command again.',
    /HTTP 502/,
  ],
  [
    'the page of a proxy',
    listFunctions,
    [407, HTML],
    'AWS in eu-west-1 did not answer as AWS does (HTTP 407). Check the proxy of this network and AWS_ENDPOINT_URL, and run the same command again.',
    /AWS の形式ではない応答/,
  ],
] as const)('%s becomes a line that says what happened and what to do', async (_, ask, answer, en, ja) => {
  const error = await errorAfter(ask, answer);
  const text = explain(error, 'sandbox', 'eu-west-1');
  expect(text.en).toBe(en);
  expect(text.ja).toMatch(ja);
  // Another request may have an answer.
  expect(concernsAll(error)).toBe(false);
});

// Errors of Node.js belong to another realm than those of a test, so these two are copies.
test('a connection that ends becomes a line that says to try again', () => {
  const error = Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET', $metadata: {} });
  const { en, ja } = explain(error, 'sandbox', 'eu-west-1');
  expect(en).toBe(
    'The connection to AWS in eu-west-1 ended before the answer (ECONNRESET). Check the network or the proxy, and run the same command again.',
  );
  expect(ja).toMatch(/^応答の前に eu-west-1 の AWS との接続が切れました/);
  expect(concernsAll(error)).toBe(false);
});

test.each(['foo', 'localhost:4566'])('AWS_ENDPOINT_URL=%s is named, because every request fails', (endpoint) => {
  process.env['AWS_ENDPOINT_URL'] = endpoint;
  const error = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
  expect(explain(error, 'sandbox', 'eu-west-1').en).toBe(
    `AWS_ENDPOINT_URL: must be an address such as http://127.0.0.1:4566, got "${endpoint}". Correct it; to reach AWS itself, unset it.`,
  );
  expect(concernsAll(error)).toBe(true);
});

test('names the flag of the command for the region', () => {
  const error = new Error('Stack with id Kumiki-sandbox-Containers does not exist');
  expect(explain(error, 'sandbox', 'eu-west-1', '--from-region').en).toMatch(/name its region with --from-region\.$/);
});
