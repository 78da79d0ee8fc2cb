import { EventEmitter } from 'node:events';
import { stoppingOn } from '../../kubernetes-load/stopping';

/** Emitters of signals and output errors with a clock of the test, and the calls that follow. */
function stand() {
  const [signals, output] = [new EventEmitter(), new EventEmitter()];
  const done: string[] = [];
  let clock = 0;
  const signal = stoppingOn({
    signals,
    outputs: [output],
    onStop: () => done.push('stop'),
    onLeave: () => done.push('leave'),
    now: () => clock,
  });
  const send = (name: string, at: number) => {
    clock = at;
    signals.emit(name);
  };
  return { signal, output, done, send };
}

test('counts signals within a second as one Ctrl-C, and leaves at once on a later one', () => {
  const { signal, done, send } = stand();
  expect(signal.aborted).toBe(false);
  send('SIGINT', 5_000);
  send('SIGINT', 5_004);
  send('SIGHUP', 6_000);
  expect([signal.aborted, ...done]).toEqual([true, 'stop']);
  send('SIGTERM', 6_001);
  expect(done).toEqual(['stop', 'leave']);
});

test('stops when the reader of the output has gone, and lets further writes fail', () => {
  const { signal, output, done } = stand();
  for (let write = 0; write < 2; write++) output.emit('error', new Error('write EPIPE'));
  expect([signal.aborted, ...done]).toEqual([true]);
});
