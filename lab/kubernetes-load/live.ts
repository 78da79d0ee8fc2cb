import { aligned } from '../../ops/kit/table';
import type { Sample, TimelineEvent } from './timeline';
import type { Verdict } from './verdicts';

/** Output of a run. Events stay. Samples replace each other on a terminal, and are lines in a log. */
export interface Live {
  event(event: TimelineEvent): void;
  sample(sample: Sample): void;
  line(text: string): void;
}

/** Number of samples in a log after which the headings are repeated. */
const HEADER_EVERY = 20;

const COLUMNS: readonly { readonly name: string; readonly of: (sample: Sample) => string }[] = [
  { name: 'time', of: ({ seconds }) => clock(seconds) },
  { name: 'phase', of: ({ phase }) => phase },
  { name: 'CPU', of: ({ cpu, target }) => `${cpu ?? '?'}/${target} %` },
  { name: 'wanted', of: ({ desired }) => String(desired) },
  { name: 'ready', of: ({ ready, pods }) => `${ready}/${pods}` },
  { name: 'pending', of: ({ pending, pendingLoad }) => `${pending}${pendingLoad > 0 ? `+${pendingLoad}` : ''}` },
  { name: 'nodes', of: ({ readyNodes, nodes }) => `${readyNodes}/${nodes}` },
  { name: 'answered', of: ({ load }) => String(load.answered) },
  { name: 'failed', of: ({ load }) => String(load.failed) },
  { name: 'per s', of: ({ load, phase }) => (phase === 'load' ? load.rate.toFixed(1) : '-') },
  { name: 'p99 ms', of: ({ load, phase }) => (phase === 'load' ? String(load.p99 ?? '-') : '-') },
];
/** The columns and the spaces between them are 79 characters wide. */
const WIDTHS = [6, 6, 9, 6, 5, 7, 5, 8, 6, 5, 6];

export function live(out: NodeJS.WriteStream = process.stdout): Live {
  let block = '';
  let lines = 0;
  const wipe = () => {
    if (block !== '') out.write('\r\x1b[2A\x1b[J');
    block = '';
  };
  const line = (text: string) => {
    const shown = block;
    wipe();
    out.write(`${text}\n`);
    if (shown !== '') out.write(shown);
    block = shown;
  };
  return {
    line,
    event: ({ seconds, text }) => line(`${clock(seconds).padStart(6)}  * ${text}`),
    sample: (sample) => {
      const row = cells(COLUMNS.map(({ of }) => of(sample)));
      if (!out.isTTY) {
        if (lines++ % HEADER_EVERY === 0) out.write(`${HEADER}\n`);
        out.write(`${row}\n`);
        return;
      }
      wipe();
      // The terminal would break a longer line, and `wipe` would then miss a line.
      block = [HEADER, row].map((text) => `${text.slice(0, out.columns - 1)}\n`).join('');
      out.write(block);
    },
  };
}

const HEADER = cells(COLUMNS.map(({ name }) => name));

function cells(texts: readonly string[]): string {
  return texts.map((text, index) => text.padStart(WIDTHS[index] ?? 0)).join(' ');
}

/** Renders the verdicts as a table, with the verdict first. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  return aligned(verdicts.map(({ link, shown, detail }) => [shown ? 'shown' : 'not shown', link, detail])).lines.join(
    '\n',
  );
}

/** Minutes and seconds: 605 is 10:05. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
