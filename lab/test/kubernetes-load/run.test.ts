import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { type Kubectl, kubectlOf } from '../../kubernetes-load/kubectl';
import type { Live } from '../../kubernetes-load/live';
import { run } from '../../kubernetes-load/run';
import { CHAIN, cluster, type Frame, replay } from './cluster';

/** A run against a substitute for kubectl, with a hundred observations a second. */
async function against(folder: string, onSample: () => void = () => undefined, signal = new AbortController().signal) {
  const output: string[] = [];
  const live: Live = {
    line: (text) => output.push(text),
    event: ({ text }) => output.push(text),
    sample: () => onSample(),
  };
  const kubectl = kubectlOf('replay', path.join(folder, 'kubectl'));
  const options = { namespace: 'history', app: 'history', minutes: 1, interval: 0.01 };
  const result = await run(kubectl, options, live, signal).catch((error: Error) => error);
  const calls = readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n');
  return { result, output, calls };
}

const deletes = (calls: readonly string[]) => calls.filter((call) => call.includes(' delete job history-load-'));

test('follows the chain and back, despite a failed observation, and leaves no Job', async () => {
  const { result, output, calls } = await against(replay(CHAIN, [4]));
  if (result instanceof Error) throw result;
  expect(result.verdicts.filter(({ shown }) => !shown)).toEqual([]);
  expect(result.samples).toHaveLength(CHAIN.length);
  expect(result.stopped).toBeUndefined();
  expect(output.join('\n')).toMatch(
    /no answer of the cluster \(1 in a row\): The cluster of context replay cannot be reached/,
  );
  expect(deletes(calls)).toHaveLength(1);
  expect(deletes(calls)[0]).toMatch(/^--context=replay .*--namespace=history --ignore-not-found .*--wait/);
  expect(calls.every((call) => call.startsWith('--context=replay '))).toBe(true);
});

test('removes the Job and reports earlier observations when it is stopped', async () => {
  const stopping = new AbortController();
  let samples = 0;
  const onSample = () => ++samples === 5 && stopping.abort();
  const { result, calls } = await against(replay(CHAIN), onSample, stopping.signal);
  if (result instanceof Error) throw result;
  expect(result.stopped).toBe('stopped by hand');
  expect(result.samples).toHaveLength(6);
  expect(result.load.answered).toBe(600);
  expect(deletes(calls)).toHaveLength(1);
});

test('fails with an image without the load, and removes the Job', async () => {
  const before: Frame = { cpu: 1, desired: 2, running: 2, nodes: 2 };
  const folder = replay([before, { ...before, load: 'Failed' }]);
  writeFileSync(path.join(folder, 'log-1'), "Error: Cannot find module '/app/load.cjs'\n");
  const { result, calls } = await against(folder);
  if (result instanceof Error) throw result;
  expect(result.stopped).toMatch(/^Load pod history-load-\S+ failed at once\. Is load\.cjs in the image\?/);
  expect(deletes(calls)).toHaveLength(1);
});

/** A run without processes. */
function within(kubectl: Kubectl, signal = new AbortController().signal, sample: () => void = () => undefined) {
  const live: Live = { line: () => undefined, event: () => undefined, sample };
  return run(kubectl, { namespace: 'history', app: 'history', minutes: 1, interval: 0.001 }, live, signal);
}

test('goes on after eleven failed observations in a row, as often as that happens', async () => {
  const { stopped, samples } = await within(cluster(CHAIN, { 3: 11, 6: 11 }).kubectl);
  expect([stopped, samples.length]).toEqual([undefined, CHAIN.length]);
});

test('ends with the twelfth failed observation, reports the earlier ones and removes the Job', async () => {
  const { kubectl, calls } = cluster(CHAIN, { 2: 12 });
  const { stopped, samples, verdicts } = await within(kubectl);
  expect([stopped, samples.length]).toEqual(['no look', 2]);
  expect(verdicts.find(({ shown }) => shown)).toBeUndefined();
  expect(calls.filter((call) => call.startsWith('delete job'))).toHaveLength(1);
});

test('fails when no observation of the load succeeds', async () => {
  await expect(within(cluster(CHAIN, { 1: 12 }).kubectl)).rejects.toThrow('no look');
});

test('reads the last line of a load pod again after the pod has ended', async () => {
  const ended = CHAIN.findIndex(({ load }) => load === 'Succeeded');
  const { load } = await within(
    cluster(CHAIN.toSpliced(ended, 0, ...CHAIN.slice(ended, ended + 1)), {}, [ended]).kubectl,
  );
  expect(load).toMatchObject({ answered: 2400, finished: 1 });
});

test('creates no Job when it was stopped before', async () => {
  const { kubectl, calls } = cluster(CHAIN);
  await expect(within(kubectl, AbortSignal.abort())).rejects.toThrow('Stopped before the load.');
  expect(calls.map((call) => call.split(' ')[0])).toEqual(['get', 'get']);
});

test('removes the Job again when Ctrl-C has ended the kubectl that was removing it', async () => {
  const { kubectl, calls } = cluster(CHAIN);
  const stopping = new AbortController();
  let ended = 0;
  const hurried: Kubectl = async (args, input) => {
    const output = await kubectl(args, input);
    if (args[0] === 'delete' && ended++ === 0) throw new Error('Command failed');
    return output;
  };
  const { stopped } = await within(hurried, stopping.signal, () => stopping.abort());
  expect(stopped).toBe('stopped by hand');
  expect(calls.filter((call) => call.startsWith('delete job')).length).toBeGreaterThan(1);
});

test('removes the Job after Ctrl-C, which arrives twice under npm and also ends kubectl', async () => {
  const folder = replay(CHAIN.slice(0, 3));
  const out = path.join(folder, 'out.json');
  const program = ['--no-warnings', '--import', 'tsx', 'lab/kubernetes-load/load.ts'];
  const flags = ['--context=replay', '--minutes=1', '--interval=0.2', `--out=${out}`];
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const child = spawn(process.execPath, [...program, ...flags], { env, detached: true });
  const exit = once(child, 'exit');
  let output = '';
  let pressed = false;
  child.stdout.on('data', (data) => {
    output += data;
    if (child.pid === undefined || pressed || !output.includes('the first load pod sends requests')) return;
    pressed = true;
    process.kill(-child.pid, 'SIGINT');
    setTimeout(() => child.kill('SIGINT'), 5);
  });
  expect(await exit).toEqual([130, null]);
  expect(output).toMatch(/Stopping after the removal of the Job.*removing Job.*no request lost.*Timeline: /s);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ context: 'replay', stopped: 'stopped by hand' });
  expect(deletes(readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n'))).not.toEqual([]);
});

test.each([
  [
    'Error from server: Get "https://node-1:10250/containerLogs/history/a/load": dial tcp: lookup node-1: no such host',
    /^The control plane does not reach the kubelet of a node \(.* port 10250 /,
  ],
  ['Error from server (InternalError): dial tcp 10.0.0.9:443: i/o timeout', /^kubectl logs: Error from server/],
  ['dial tcp: lookup eks.test: no such host', /^The cluster of context replay cannot be reached/],
])('tells who has not been reached: %s', async (output, message) => {
  const program = path.join(replay([]), 'kubectl');
  writeFileSync(program, `#!/bin/sh\necho '${output}' >&2\nexit 1\n`);
  await expect(kubectlOf('replay', program)(['logs'])).rejects.toThrow(message);
});

test('reports a missing kubectl in one line', async () => {
  await expect(kubectlOf('replay', '/not/there/kubectl')(['version'])).rejects.toThrow(
    /^kubectl is not on the PATH\. Install/,
  );
});
