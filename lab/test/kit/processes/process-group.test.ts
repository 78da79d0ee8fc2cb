import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup } from '../../../kit/processes/process-group';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
const log = join(folder, 'log');
afterAll(() => rmSync(folder, { recursive: true }));

/** Resolves when all of the processes have ended. */
async function gone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) while (isRunning(pid)) await sleep(10);
}

/** Tells whether a process runs. A zombie has ended, and its parent may never ask for it in a container. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const file = `/proc/${pid}/stat`;
    return !existsSync(file) || !readFileSync(file, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Starts a command that starts another command, and waits for both process ids. */
async function family(): Promise<{ group: ProcessGroup; pids: number[] }> {
  return new Promise((resolve) => {
    const group: ProcessGroup = new ProcessGroup('sh', ['-c', 'sleep 600 & echo $! $$; wait'], {
      log,
      onLine: (line) => resolve({ group, pids: line.split(' ').map(Number) }),
    });
  });
}

test.each([
  ['that of the command', ['sh', '-c', 'exit 3'], 3],
  ['127 for a command that does not exist', ['kumiki-no-such-command'], 127],
  ['137 for a command that was killed', ['sh', '-c', 'kill -9 $$'], 137],
])('the exit code is %s', async (_, [command = '', ...args], code) => {
  expect(await new ProcessGroup(command, args, { log }).exited).toBe(code);
});

test('passes on both outputs line by line and logs them', async () => {
  const lines: string[] = [];
  const args = ['-c', 'echo out; echo err >&2'];
  await new ProcessGroup('sh', args, { log, onLine: (line) => lines.push(line) }).exited;
  expect(lines.sort()).toEqual(['err', 'out']);
  expect(readFileSync(log, 'utf8')).toMatch(/out\n/);
});

test('sends SIGTERM to a command, which may take time to end and choose its exit code', async () => {
  const lines: string[] = [];
  const script = "trap 'sleep 0.2; echo drained; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
  const code = await new Promise((resolve) => {
    const group: ProcessGroup = new ProcessGroup('sh', ['-c', script], {
      log,
      onLine: (line) => {
        lines.push(line);
        if (line === 'ready') group.stop();
      },
    });
    resolve(group.exited);
  });
  expect({ lines, code }).toEqual({ lines: ['ready', 'drained'], code: 3 });
});

test('ends a command together with the processes that it started', async () => {
  const { group, pids } = await family();
  expect(pids.every(isRunning)).toBe(true);
  group.end();
  await gone(pids);
});

test('ends all processes when this process is killed with kill -9', async () => {
  const parent = spawn(process.execPath, ['--import', 'tsx', 'lab/test/kit/fixtures/keeps-processes.ts', log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pids = String(line).trim().split(' ').map(Number);
  expect(pids.every(isRunning)).toBe(true);
  parent.kill('SIGKILL');
  await gone(pids);
});
