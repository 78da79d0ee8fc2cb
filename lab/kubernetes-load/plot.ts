import * as echarts from 'echarts';
import { clock } from './live';
import type { Result } from './run';
import type { Kind, TimelineEvent } from './timeline';

/** Events that are links of the chain. The JSON has all events. */
const MARKED: readonly Kind[] = [
  'load started',
  'cpu above target',
  'scaled up',
  'pods pending',
  'load pods pending',
  'scale-up triggered',
  'node joined',
  'pending pod runs',
  'none pending',
  'load ended',
  'scaled down',
  'at minimum',
  'node leaving',
  'node gone',
];
const WIDTH = 1200;
const LINE = 19;
/** Lines of text below the plot, in two columns. */
const ROWS = 12;
const PLOT_HEIGHT = 640;
const FONT = { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: 13, color: '#333' };

type Plotted = Pick<Result, 'workload' | 'samples' | 'events' | 'load' | 'startedAt'>;

/** Replicas, pods, nodes and CPU over time as an SVG document, with the events of the chain numbered in it. */
export function plot({ workload, samples, events, load, startedAt }: Plotted): string {
  const marked = chosen(events);
  const rows = Math.ceil(marked.length / 2);
  const height = PLOT_HEIGHT + rows * LINE + 24;
  const end = samples.at(-1)?.seconds ?? 0;
  const step = stepOf(end);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const line = (name: string, color: string, of: (sample: (typeof samples)[number]) => number | null, axis = 1) => ({
    name,
    type: 'line' as const,
    // A value holds until the next observation.
    step: axis === 1 ? ('end' as const) : undefined,
    xAxisIndex: axis,
    yAxisIndex: axis,
    symbol: 'none',
    color,
    lineStyle: { width: 2 },
    data: samples.map((sample) => [sample.seconds, of(sample)]),
  });
  const xAxis = (gridIndex: number) => ({
    type: 'value' as const,
    gridIndex,
    min: 0,
    max: Math.max(step, Math.ceil(end / step) * step),
    interval: step,
    axisLabel: { ...FONT, formatter: clock, show: gridIndex === 1 },
    axisTick: { show: gridIndex === 1 },
    axisLine: { onZero: false, lineStyle: { color: '#888' } },
    splitLine: { show: true, lineStyle: { color: '#f0f0f0' } },
    ...(gridIndex === 1 && {
      name: 'minutes since the start',
      nameLocation: 'middle' as const,
      nameGap: 30,
      nameTextStyle: FONT,
    }),
  });
  const yAxis = (gridIndex: number, name: string, unit: string) => ({
    type: 'value' as const,
    gridIndex,
    name,
    min: 0,
    // Without this space, the highest line would be drawn on the frame.
    max: ({ max }: { max: number }) => Math.ceil(max * 1.08),
    minInterval: 1,
    nameLocation: 'middle' as const,
    nameGap: 52,
    nameTextStyle: FONT,
    axisLabel: { ...FONT, formatter: `{value}${unit}`, showMaxLabel: false },
    splitLine: { lineStyle: { color: '#e4e4e4' } },
  });
  /** Lines through both parts, numbered above the upper one. */
  const markLine = (labelled: boolean) => ({
    symbol: 'none',
    animation: false,
    lineStyle: { color: '#999', type: 'dotted' as const, width: 1 },
    data: [...new Set(marked.map(({ seconds }) => seconds))].map((seconds, group) => ({
      xAxis: seconds,
      label: {
        show: labelled,
        formatter: marked.flatMap((event, index) => (event.seconds === seconds ? [index + 1] : [])).join(', '),
        // Labels have three heights, because some events follow within seconds.
        distance: 4 + (group % 3) * 15,
        ...FONT,
        fontSize: 11,
      },
    })),
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    textStyle: FONT,
    title: {
      text: `${workload.app}: load, pods and nodes, ${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
      subtext: `${load.answered} requests answered, ${load.failed} failed; HPA from ${workload.min} to ${workload.max} pods at ${workload.target} % of ${workload.request * 1_000}m CPU`,
      left: 20,
      top: 12,
      textStyle: { ...FONT, fontSize: 17, fontWeight: 'bold' },
      subtextStyle: { ...FONT, color: '#666' },
    },
    legend: { top: 74, left: 76, itemWidth: 30, itemGap: 18, textStyle: FONT },
    grid: [
      { left: 76, right: 30, top: 158, height: 160 },
      { left: 76, right: 30, top: 346, height: 230 },
    ],
    xAxis: [xAxis(0), xAxis(1)],
    yAxis: [yAxis(0, 'CPU of the request', ' %'), yAxis(1, 'pods and nodes', '')],
    series: [
      { ...line('CPU', '#c0392b', ({ cpu }) => cpu, 0), markLine: markLine(true) },
      {
        ...line('CPU target', '#c0392b', ({ target }) => target, 0),
        lineStyle: { width: 1.5, type: 'dashed' },
      },
      { ...line('replicas wanted by the HPA', '#7f8c8d', ({ desired }) => desired), markLine: markLine(false) },
      line('pods ready', '#2471a3', ({ ready }) => ready),
      { ...line('pods Pending', '#e67e22', ({ pending }) => pending), areaStyle: { opacity: 0.2 } },
      line('nodes Ready', '#1e8449', ({ readyNodes }) => readyNodes),
    ],
    graphic: marked.map(({ seconds, text }, index) => ({
      type: 'text' as const,
      left: index < rows ? 40 : WIDTH / 2 + 10,
      top: PLOT_HEIGHT + (index % rows) * LINE,
      style: { ...FONT, fontSize: 12, fill: '#333', text: shortened(`${index + 1}.  ${clock(seconds)}  ${text}`) },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Chooses the first event of each kind, then others while there is space, in the order of time. */
function chosen(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const known = events.filter(({ kind }) => MARKED.includes(kind));
  const firsts = known.filter((event) => known.find(({ kind }) => kind === event.kind) === event);
  const others = known.filter((event) => !firsts.includes(event));
  const selected = [...firsts, ...others].slice(0, 2 * ROWS);
  return known.filter((event) => selected.includes(event));
}

function shortened(text: string): string {
  return text.length > 92 ? `${text.slice(0, 91)}…` : text;
}

/** Seconds between two labels of the axis, for about ten labels at round times. */
function stepOf(seconds: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900];
  return steps.find((step) => seconds / step <= 12) ?? 1_800;
}
