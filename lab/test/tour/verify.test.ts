import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { explainAt } from '../../tour/target';

/** An endpoint that knows no stack, or never answers. */
async function endpoint(answers: boolean, asked: () => void = () => {}) {
  const server = createServer((_, response) => {
    asked();
    if (!answers) return;
    const code = '<Code>ValidationError</Code><Message>Stack with id Kumiki-local-RestApi does not exist</Message>';
    response.writeHead(400).end(`<ErrorResponse><Error><Type>Sender</Type>${code}</Error></ErrorResponse>`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port }: AddressInfo = Object.assign({ port: 0, family: '', address: '' }, server.address());
  const end = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, end };
}

/** Runs the command without npm, so that a signal reaches the command itself. */
function verify(url: string): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number; output: string }>;
} {
  const flags = ['--no-warnings', '--import', 'tsx', 'lab/tour/verify.ts', '--environment', 'local', '--lang', 'en'];
  const child = spawn(process.execPath, flags, { env: { ...process.env, AWS_ENDPOINT_URL: url, DEBUG: '' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

test('without stacks, names the command that deploys the environment local', async () => {
  const { url, end } = await endpoint(true);
  const { code, output } = await verify(url).ended;
  end();
  expect(code).toBe(1);
  expect(output).toMatch(
    /^Stack Kumiki-local-\w+ does not exist at http:\S+\. Deploy it with npm start, or with npm run deploy:local while npm start is running\.\n$/,
  );
}, 60_000);

test('names the CDK CLI for another environment', () => {
  const error = new Error('Stack with id Kumiki-sandbox-RestApi does not exist');
  expect(explainAt({ id: 'sandbox', region: 'us-east-1' }, error).en).toContain('npx cdk deploy --all -c environment=');
});

test('Ctrl-C ends with 130 and a line that says what to do next', async () => {
  let asked = () => {};
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { url, end } = await endpoint(false, () => asked());
  const { child, ended } = verify(url);
  await reached;
  child.kill('SIGINT');
  const { code, output } = await ended;
  end();
  expect(code).toBe(130);
  expect(output).toBe('Interrupted before the table was complete. Run the same command again for the whole table.\n');
}, 60_000);
