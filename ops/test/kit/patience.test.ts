import { setTimeout as sleep } from 'node:timers/promises';
import { patiently } from '../../kit/patience';

test('says that a command still asks AWS, until AWS has answered or refused', async () => {
  const lines: string[] = [];
  const say = ({ en }: { en: string }) => void lines.push(en);
  expect(await patiently(sleep(120, 'answer'), say, 50)).toBe('answer');
  const refusal = sleep(10).then(() => Promise.reject(new Error('no')));
  await expect(patiently(refusal, say, 50)).rejects.toThrow('no');
  const before = lines.length;
  await sleep(120);
  expect(before).toBeGreaterThan(0);
  expect(lines).toHaveLength(before);
  expect(lines[0]).toBe('Still asking AWS after 0 s. A request that AWS throttles or does not answer is repeated.');
});
