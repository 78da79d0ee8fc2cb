import { counted } from '../../tour/fan-out';
import { Received } from '../../tour/session';

/** A connection with symbol A that received these periods in this order. */
function subscriber(...sequences: number[]) {
  const messages = sequences.map((sequence): Received => {
    const body = { type: 'ticks', sequence, ticks: [{ symbol: 'A', price: 1, at: sequence }] };
    return { type: 'ticks', body, at: 1_000 * sequence + 5 - performance.timeOrigin };
  });
  return { session: { messages }, subscribedSymbols: ['A'] };
}

test.each([
  ['nothing wrong', [1, 2, 3], { delivered: 6, lost: 0, duplicated: 0, outOfOrder: 0 }],
  ['a lost tick', [1, 3], { delivered: 5, lost: 1, duplicated: 0, outOfOrder: 0 }],
  ['a lost first tick', [2, 3], { delivered: 5, lost: 1, duplicated: 0, outOfOrder: 0 }],
  ['a tick twice', [1, 2, 2, 3], { delivered: 6, lost: 0, duplicated: 1, outOfOrder: 0 }],
  ['a tick overtaken', [1, 3, 2], { delivered: 6, lost: 0, duplicated: 0, outOfOrder: 1 }],
  ['nothing at all', [], { delivered: 3, lost: 3, duplicated: 0, outOfOrder: 0 }],
])('counts %s', (_, sequences, expected) => {
  expect(counted([subscriber(1, 2, 3), subscriber(...sequences)], 3)).toMatchObject({ expected: 6, ...expected });
});

test('counts from the first period that all could receive, where a schedule publishes more', () => {
  const { lost, delays } = counted([subscriber(1, 2, 3, 4, 5), subscriber(2, 3, 4)], 3);
  expect(lost).toBe(0);
  expect(delays.map(Math.round)).toEqual([5, 5, 5, 5]);
});
