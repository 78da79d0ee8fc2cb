import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adopt, localVariables } from '../../kit/endpoint';
import { endAll } from '../../kit/processes/process-group';
import { HistoryService, serve, startHistoryService } from '../../local/history-service';
import { planted } from './fixtures/planted';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true }));

test('the container service has no settings, keys or proxies of the user', async () => {
  const before = { ...process.env };
  const { variables } = planted(folder);
  Object.assign(process.env, variables);
  const log = join(folder, 'log');
  const { port } = await startHistoryService('lab/test/local/fixtures/fake-service.cjs', 'local', log).finally(() =>
    adopt(before),
  );
  const environment = JSON.parse(readFileSync(log, 'utf8'));
  expect(environment).toMatchObject({ HOST: '127.0.0.1', PORT: String(port), SERVED_BY: 'local' });
  const user = Object.entries(variables).filter(([name, value]) => environment[name] === value);
  expect(user.map(([name]) => name)).toEqual(['LANG', 'LC_TIME']);
});

describe('after a deployment', () => {
  const before = { ...process.env };
  const bundle = join(folder, 'service.cjs');
  const log = join(folder, 'served');
  /** Requests about target groups. The group "used" has an old target. */
  const asked: string[] = [];
  const elb = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const given = new URLSearchParams(body);
      const action = given.get('Action') ?? '';
      asked.push([action, given.get('TargetGroupArn'), given.get('Targets.member.1.Port')].filter(Boolean).join(' '));
      const target = '<member><Target><Id>127.0.0.1</Id><Port>1</Port></Target></member>';
      const old = given.get('TargetGroupArn') === 'used' ? target : '';
      const list = `<TargetHealthDescriptions>${old}</TargetHealthDescriptions>`;
      response.end(`<${action}Response><${action}Result>${list}</${action}Result></${action}Response>`);
    });
  });
  let service: HistoryService;

  beforeAll(async () => {
    await once(elb.listen(0, '127.0.0.1'), 'listening');
    adopt(localVariables(`http://127.0.0.1:${(elb.address() as AddressInfo).port}`));
  });
  beforeEach(async () => {
    copyFileSync('lab/test/local/fixtures/fake-service.cjs', bundle);
    service = await serve({ environmentId: 'first', targetGroupArns: ['used'] }, bundle, log);
  });
  afterAll(() => {
    adopt(before);
    elb.close().closeAllConnections();
  });

  test('an unchanged service is the only target, also of new target groups', async () => {
    expect(asked.splice(0)).toEqual([
      'DescribeTargetHealth used',
      `RegisterTargets used ${service.port}`,
      'DeregisterTargets used 1',
    ]);
    const same = await serve({ environmentId: 'first', targetGroupArns: ['new'] }, bundle, log, service);
    expect(same).toBe(service);
    expect(asked.splice(0)).toEqual(['DescribeTargetHealth new', `RegisterTargets new ${service.port}`]);
  });

  test('a service with changed code replaces it, and it answers its current requests before it ends', async () => {
    const answer = fetch(`http://127.0.0.1:${service.port}/history`).then((response) => response.text());
    appendFileSync(bundle, '// changed');
    await fetch(`http://127.0.0.1:${service.port}/readyz`);
    const next = await serve({ environmentId: 'second', targetGroupArns: ['used'] }, bundle, log, service);
    expect(next.port).not.toBe(service.port);
    expect(await answer).toBe('answered by first');
    expect([await service.exited, service.replaced, next.replaced]).toEqual([0, true, false]);
  });

  test('it goes on serving where its replacement does not start', async () => {
    appendFileSync(bundle, 'process.exit(4);');
    const next = serve({ environmentId: 'second', targetGroupArns: ['used'] }, bundle, log, service);
    await expect(next).rejects.toThrow('The container service ended with exit code 4');
    expect((await fetch(`http://127.0.0.1:${service.port}/readyz`)).ok).toBe(true);
  });
});
