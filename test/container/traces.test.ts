import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { containerContext } from '../../lib/sources';

interface Span {
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

interface Request {
  readonly url: string;
  readonly headers: Record<string, string>;
}

const ROOT = 'Root=1-67891233-abcdef012345678912345678';
const SAMPLED = `Self=1-67891234-12456789abcdef0123456789;${ROOT};Parent=53995c3f42cd8ad8;Sampled=1`;
const recorded = (url: string, headers = {}): Request => ({ url, headers: { 'x-amzn-trace-id': SAMPLED, ...headers } });

let collector: Server;
let received: { readonly url?: string; readonly body: string }[];
let child: ChildProcess | undefined;

beforeEach(async () => {
  received = [];
  collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ url: request.url, body });
    response.end('{}');
  });
  await new Promise<void>((listening) => void collector.listen(0, '127.0.0.1', listening));
});

afterEach(() => {
  child?.kill('SIGKILL');
  collector.close();
  collector.closeAllConnections();
});

/**
 * Starts the service, sends requests and SIGTERM. Returns the statuses of the answers, and the exit code. The service has a
 * process of its own, because its exporter imports modules at run time, which Jest does not allow.
 */
async function serve(endpoint: string | undefined, requests: readonly Request[]) {
  const service = spawn(process.execPath, [path.join(containerContext(), 'server.cjs')], {
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      DRAIN_DELAY_MS: '0',
      ...(endpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'history' }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = service;
  const exited = once(service, 'close').then(([code]) => code);
  const [line] = await once(createInterface({ input: service.stdout }), 'line');
  const [, port] = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
  const statuses: number[] = [];
  for (const { url, headers } of requests) {
    const response = await fetch(`http://127.0.0.1:${port}${url}`, { headers });
    await response.text();
    statuses.push(response.status);
  }
  service.kill('SIGTERM');
  return { statuses, exited: await exited };
}

const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const resources = () => received.flatMap(({ body }) => JSON.parse(body).resourceSpans);
const spans = (): Span[] =>
  resources().flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope: { readonly spans: Span[] }) => scope.spans));

test('a request of a trace that is recorded has a span in the trace, below the caller, which the service sends before it ends', async () => {
  expect(await serve(endpoint(), [recorded('/history/ABC?days=2')])).toEqual({ statuses: [200], exited: 0 });
  expect(received.map(({ url }) => url)).toEqual(['/v1/traces']);
  expect(resources()[0].resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'history' } }]);
  expect(spans()).toMatchObject([
    {
      traceId: '67891233abcdef012345678912345678',
      parentSpanId: '53995c3f42cd8ad8',
      name: 'GET /history/:symbol',
      kind: 2,
      status: { code: 0 },
    },
  ]);
  const attributes = spans()[0]?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [];
  expect(Object.fromEntries(attributes)).toEqual({
    'http.request.method': 'GET',
    'http.route': '/history/:symbol',
    'url.path': '/history/ABC',
    'http.response.status_code': 200,
  });
});

test('a request that the service refuses is an error in the trace, and one that the caller got wrong is not', async () => {
  const requests = [
    recorded('/history/ABC?days=3650', { 'x-timeout-ms': '1' }),
    recorded('/history/abc'),
    recorded('/nowhere'),
  ];
  expect((await serve(endpoint(), requests)).statuses).toEqual([503, 400, 404]);
  expect(spans().map(({ name, status }) => [name, status.code])).toEqual([
    ['GET /history/:symbol', 2],
    ['GET /history/:symbol', 0],
    ['GET', 0],
  ]);
});

test('requests of no recorded trace have no span: not recorded, begun by the load balancer, without a header', async () => {
  const url = '/history/ABC?days=2';
  const traces = [SAMPLED.replace('Sampled=1', 'Sampled=0'), ROOT];
  const requests = [...traces.map((trace) => ({ url, headers: { 'x-amzn-trace-id': trace } })), { url, headers: {} }];
  expect((await serve(endpoint(), requests)).statuses).toEqual([200, 200, 200]);
  expect(received).toEqual([]);
});

test('without the address of a collector, the service sends nothing', async () => {
  expect((await serve(undefined, [recorded('/history/ABC?days=2')])).statuses).toEqual([200]);
  expect(received).toEqual([]);
});

test('a service answers while its collector is gone, and ends with 0', async () => {
  expect(await serve('http://127.0.0.1:9', [recorded('/history/ABC?days=2')])).toEqual({ statuses: [200], exited: 0 });
});
