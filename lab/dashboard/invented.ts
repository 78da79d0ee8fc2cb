import type { Line } from './body';

/** Values of a metric: at rest, and how much the load of the invented afternoon adds. */
interface Kind {
  readonly names: RegExp;
  readonly rest: number;
  readonly load: number;
  /** Whole numbers that change in steps. @default false */
  readonly steps?: boolean;
  /** Only while the load is high. @default false */
  readonly rare?: boolean;
}

const KINDS: readonly Kind[] = [
  { names: /5XX|5xx|Error|Throttle|Spillover|UnHealthy|pending/, rest: 0, load: 5, steps: true, rare: true },
  { names: /4XX|4xx/, rest: 2, load: 14, steps: true },
  { names: /^TargetResponseTime$/, rest: 0.02, load: 0.3 },
  { names: /Latency|Duration/, rest: 20, load: 260 },
  { names: /Utilization/, rest: 22, load: 48 },
  { names: /TaskCount|InstanceCount|HealthyHostCount|replicas|Concurrent/, rest: 2, load: 4, steps: true },
  { names: /Bytes/, rest: 4e6, load: 3e7 },
  { names: /LCU/, rest: 0.05, load: 0.4 },
  { names: /Cache/, rest: 200, load: 1_400 },
  { names: /./, rest: 240, load: 1_900 },
];

/** Number of values: three hours in steps of five minutes. */
export const POINTS = 37;

/** Invented values of a line, the same each time. They only show where lines are; they were measured nowhere. */
export function inventedValues({ label, metricName, statistic }: Line): readonly number[] {
  const kind = KINDS.find(({ names }) => names.test(metricName));
  if (kind === undefined) throw new Error(`No kind of values fits the metric ${metricName}. Add one to KINDS.`);
  const random = randomOf(`${metricName} ${label} ${statistic}`);
  // Some lines of errors stay at 0, because not everything fails at once.
  const isQuiet = kind.rare && random() < 0.6;
  const share = (statistic === 'p50' ? 0.25 : 1) * (0.65 + 0.35 * random());
  return Array.from({ length: POINTS }, (_, index) => {
    const load = Math.exp(-(((index / (POINTS - 1) - 0.62) / 0.17) ** 2));
    const noise = kind.steps ? 1 : 0.9 + 0.2 * random();
    const value = (kind.rest + kind.load * (isQuiet || (kind.rare && load < 0.75) ? 0 : load)) * share * noise;
    return kind.steps ? Math.round(value) : Number(value.toPrecision(3));
  });
}

/** Numbers from 0 to 1 that follow from a text (mulberry32, seeded by FNV-1a). */
function randomOf(text: string): () => number {
  let state = [...text].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619), 2_166_136_261);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
