import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { kubectlOf } from '../../../tour/kubernetes/kubectl';
import type { Live } from '../../../tour/kubernetes/live';
import { run } from '../../../tour/kubernetes/run';
import { CHAIN, type Frame, replay } from './cluster';

/** A run against kubectl's stand-in, a hundred looks a second. */
async function against(folder: string, onSample: () => void = () => undefined, signal = new AbortController().signal) {
  const said: string[] = [];
  const live: Live = {
    line: (text) => said.push(text),
    event: ({ text }) => said.push(text),
    sample: () => onSample(),
  };
  const kubectl = kubectlOf('replay', path.join(folder, 'kubectl'));
  const options = { namespace: 'history', app: 'history', minutes: 1, interval: 0.01 };
  const result = await run(kubectl, options, live, signal).catch((error: Error) => error);
  const calls = readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n');
  return { result, said, calls };
}

const deletes = (calls: readonly string[]) => calls.filter((call) => call.includes(' delete job history-load-'));

test('goes through the chain and back, over a look that fails, and leaves no Job', async () => {
  const { result, said, calls } = await against(replay(CHAIN, [4]));
  if (result instanceof Error) throw result;
  expect(result.verdicts.filter(({ shown }) => !shown)).toEqual([]);
  expect(result.samples).toHaveLength(CHAIN.length);
  expect(result.stopped).toBeUndefined();
  expect(said.join('\n')).toMatch(
    /no look at the cluster \(1 in a row\): The cluster of context replay cannot be reached/,
  );
  expect(deletes(calls)).toHaveLength(1);
  expect(deletes(calls)[0]).toMatch(/^--context=replay .*--namespace=history --ignore-not-found .*--wait/);
  expect(calls.every((call) => call.startsWith('--context=replay '))).toBe(true);
});

test('stops when told to, with the Job removed and what was seen until then', async () => {
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

test('fails with an image that has no load in it, with the Job removed', async () => {
  const before: Frame = { cpu: 1, desired: 2, running: 2, nodes: 2 };
  const folder = replay([before, { ...before, load: 'Failed' }]);
  writeFileSync(path.join(folder, 'log-1'), "Error: Cannot find module '/app/load.cjs'\n");
  const { result, calls } = await against(folder);
  expect(String(result)).toMatch(/history-load-\S+ failed at once\. Is load\.cjs in the image\?/);
  expect(deletes(calls)).toHaveLength(1);
});

test('says in one line that kubectl is missing', async () => {
  await expect(kubectlOf('replay', '/not/there/kubectl')(['version'])).rejects.toThrow(
    /^kubectl is not on the PATH\. Install/,
  );
});
