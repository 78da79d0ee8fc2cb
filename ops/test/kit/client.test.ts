import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientOptions } from '../../kit/client';

const before = process.env['AWS_MAX_ATTEMPTS'];
afterEach(() => {
  if (before === undefined) delete process.env['AWS_MAX_ATTEMPTS'];
  else process.env['AWS_MAX_ATTEMPTS'] = before;
});

test('a throttled request has eight attempts, or as many as AWS_MAX_ATTEMPTS says', () => {
  delete process.env['AWS_MAX_ATTEMPTS'];
  expect(clientOptions('eu-west-1')).toEqual({ region: 'eu-west-1', retryMode: 'standard', maxAttempts: 8 });
  process.env['AWS_MAX_ATTEMPTS'] = '2';
  expect(clientOptions('eu-west-1').maxAttempts).toBe(2);
});

test('every client of the commands has these settings', () => {
  const clients = readdirSync('ops', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('test/'))
    .flatMap((file) => readFileSync(join('ops', file), 'utf8').match(/new (?:ec2\.)?\w+Client\([^)]*/g) ?? []);
  expect(clients.length).toBeGreaterThan(40);
  expect(clients.filter((client) => !/clientOptions\((?:config\.|from\.|to\.)?region$/.test(client))).toEqual([]);
});
