import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { AddressInfo } from 'node:net';
import { requests } from '../../tour/request';

const received: IncomingMessage[] = [];
const server = createServer((request, response) => {
  received.push(request);
  response.setHeader('x-served-by', 'sandbox').end('{"symbol":"KUMI"}');
});
let url: string;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
beforeEach(() => received.splice(0));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const signer = { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'eu-west-1' };

test('signs for API Gateway in the region of the deployment', async () => {
  await requests(url, { ...signer, sessionToken: 'token' })('/quotes/KUMI?at=1');
  const [request] = received;
  expect(request?.url).toBe('/v1/quotes/KUMI?at=1');
  expect(request?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=\S*host\S*, Signature=[0-9a-f]{64}$/,
  );
  expect(request?.headers['x-amz-security-token']).toBe('token');
});

test('sends no signature when asked for none', async () => {
  await requests(url, signer)('/quotes/KUMI', 'none');
  expect(received[0]?.headers.authorization).toBeUndefined();
});

test('alters the request after signing when asked to', async () => {
  const get = requests(url, signer);
  await get('/quotes/KUMI', 'altered');
  await get('/quotes/KUMI?at=2', 'altered');
  expect(received.map((request) => request.url)).toEqual(['/v1/quotes/KUMI?at=1', '/v1/quotes/KUMI?at=2&at=1']);
  expect(received[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256/);
});

test('returns status, headers, body and time', async () => {
  const answer = await requests(url, signer)('/quotes/KUMI');
  expect(answer).toMatchObject({ status: 200, body: { symbol: 'KUMI' }, text: '{"symbol":"KUMI"}' });
  expect(answer.headers.get('x-served-by')).toBe('sandbox');
  expect(answer.milliseconds).toBeGreaterThan(0);
});
