import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adopt } from '../../local/endpoint';
import { startHistoryService } from '../../local/history-service';
import { endAll } from '../../local/process-group';
import { planted } from './fixtures/planted';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true }));

test('the container service has no settings, keys or proxies of the user', async () => {
  const before = { ...process.env };
  const { variables } = planted(folder);
  Object.assign(process.env, variables);
  const log = join(folder, 'log');
  const { port } = await startHistoryService('test/local/fixtures/fake-service.cjs', 'local', log).finally(() =>
    adopt(before),
  );
  const environment = JSON.parse(readFileSync(log, 'utf8'));
  expect(environment).toMatchObject({ HOST: '127.0.0.1', PORT: String(port), SERVED_BY: 'local' });
  const user = Object.entries(variables).filter(([name, value]) => environment[name] === value);
  expect(user.map(([name]) => name)).toEqual(['LANG', 'LC_TIME']);
});
