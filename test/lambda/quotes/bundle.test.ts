import { execFileSync } from 'node:child_process';
import { buildSync } from 'esbuild';

const { outputFiles, metafile } = buildSync({
  absWorkingDir: `${__dirname}/../../..`,
  entryPoints: ['lambda/quotes/index.ts'],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  write: false,
  metafile: true,
});
const bundle = outputFiles[0]?.text ?? '';
const QUOTE = { httpMethod: 'GET', path: '/quotes/KUMI', queryStringParameters: { at: '0' } };

/** Loads the bundle as Lambda does, in a process without a network. Returns the answer and the lines of the log. */
function answerTo(event: unknown, env: Record<string, string> = {}) {
  const program = `
    const refuse = () => { throw new Error('network at init'); };
    globalThis.fetch = refuse;
    (await import('node:net')).Socket.prototype.connect = refuse;
    const { handler } = await import('data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}');
    const answer = await handler(${JSON.stringify(event)}, { awsRequestId: 'request-1' });
    console.log(JSON.stringify(answer));
  `;
  // Both streams are joined, because CloudWatch has both in one log.
  const output = execFileSync('sh', ['-c', 'exec "$0" --input-type=module 2>&1', process.execPath], {
    input: program,
    env: { POWERTOOLS_SERVICE_NAME: 'quotes', ...env },
    encoding: 'utf8',
  });
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { answer: lines.at(-1), log: lines.slice(0, -1) };
}

test('has at most 80 kB and imports only modules of Node.js', () => {
  expect(bundle.length).toBeGreaterThan(0);
  expect(Buffer.byteLength(bundle)).toBeLessThanOrEqual(80_000);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  expect(imports.filter((path) => !path.startsWith('node:'))).toEqual([]);
});

test('loads as an ES module without the network, and answers [L5]', () => {
  expect(answerTo(QUOTE).answer).toMatchObject({
    statusCode: 200,
    headers: { 'x-served-by': 'unknown', 'initialization-type': 'unknown' },
    body: expect.stringMatching(/^\{"symbol":"KUMI","price":[\d.]+,"at":0\}$/),
  });
});

test('writes one line with the ids of the request and of the trace', () => {
  const { log } = answerTo(QUOTE, { _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1' });
  expect(log).toEqual([
    {
      level: 'INFO',
      message: 'answered',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: 'quotes',
      sampling_rate: 0,
      requestId: 'request-1',
      xray_trace_id: '1-5759e988-bd862e3fe1be46a994272793',
      route: 'GET /quotes/{symbol}',
      status: 200,
      ms: expect.any(Number),
    },
  ]);
});

test('writes the id that the API gave to the request, so that its access log leads to the lines', () => {
  const requestContext = { requestId: 'of-the-api' };
  expect(answerTo({ ...QUOTE, requestContext }).log).toEqual([
    expect.objectContaining({ requestId: 'request-1', correlationId: 'of-the-api' }),
  ]);
});

test('writes the lines at or above the log level that Lambda passes on, and writes an error with its name and stack', () => {
  const { answer, log } = answerTo(null, { AWS_LAMBDA_LOG_LEVEL: 'ERROR' });
  expect(answer).toMatchObject({ statusCode: 500, body: '{"message":"internal error"}' });
  expect(log).toEqual([
    expect.objectContaining({
      level: 'ERROR',
      message: 'internal error',
      requestId: 'request-1',
      error: expect.objectContaining({ name: 'TypeError', stack: expect.stringContaining('\n    at ') }),
    }),
  ]);
});
