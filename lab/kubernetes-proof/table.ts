import { type Row as AnyRow, VerdictTable } from '../kit/table';

const unproven = 'not proven here';

/** The outcome of a step of the proof. */
export type Row = AnyRow<typeof unproven, string>;

export const table = new VerdictTable({
  headings: ['step', 'seen'],
  last: 'result',
  unit: 's',
  unproven,
  short: 'not proven',
});
