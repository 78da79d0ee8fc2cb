import { type Row as AnyRow, VerdictTable } from '../kit/table';

const unproven = 'not modelled by this endpoint';

/** The outcome of an experiment. */
export type Row = AnyRow<typeof unproven>;

export const table = new VerdictTable({
  headings: ['path', 'status'],
  unit: 'ms',
  unproven,
  short: 'not modelled',
});
