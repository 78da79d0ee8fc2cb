import { type Row as AnyRow, VerdictTable } from '../kit/table';
import { messages } from './messages';

/** In English for programs; the table prints `messages.unproven`. */
const unproven = 'not modelled by this endpoint';

/** The outcome of an experiment. */
export type Row = AnyRow<typeof unproven>;

export const table = new VerdictTable({
  headings: [messages.path, messages.status],
  unit: 'ms',
  unproven,
  long: messages.unproven,
  short: messages.unprovenShort,
});
