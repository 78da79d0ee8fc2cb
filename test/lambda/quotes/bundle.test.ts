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

test('is at most 20 kB and imports nothing', () => {
  expect(bundle.length).toBeGreaterThan(0);
  expect(Buffer.byteLength(bundle)).toBeLessThanOrEqual(20_000);
  expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
});

test('loads as an ES module without the network, and answers [L5]', () => {
  const program = `
    const refuse = () => { throw new Error('network at init'); };
    globalThis.fetch = refuse;
    (await import('node:net')).Socket.prototype.connect = refuse;
    console.info = () => {};
    const { handler } = await import('data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}');
    console.log(JSON.stringify(await handler({ httpMethod: 'GET', path: '/quotes/KUMI', queryStringParameters: { at: '0' } })));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module'], { input: program, env: {}, encoding: 'utf8' });
  expect(JSON.parse(output)).toMatchObject({
    statusCode: 200,
    headers: { 'x-served-by': 'unknown', 'initialization-type': 'unknown' },
    body: expect.stringMatching(/^\{"symbol":"KUMI","price":[\d.]+,"at":0\}$/),
  });
});
