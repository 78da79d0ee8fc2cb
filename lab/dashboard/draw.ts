import * as echarts from 'echarts';
import { linesOf, type Widget } from './body';
import { inventedValues, POINTS } from './invented';

/** Width of a laptop's window, in which the 24 columns of the grid fit without scrolling sideways. */
const WIDTH = 1440;
const MARGIN = 24;
const COLUMN = (WIDTH - 2 * MARGIN) / 24;
const ROW = 48;
const TOP = 56;
const FONT = { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: 12, color: '#16191f' };
const COLOURS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#9467bd', '#8c564b', '#e377c2', '#17becf', '#7f7f7f'];
const TITLE = 'Invented values, to see the layout of the dashboard. Nothing here was measured.';

/** Part of the picture of a widget. Each kind of component of ECharts has its list. */
interface Part {
  readonly grid?: object;
  readonly xAxis?: object;
  readonly yAxis?: object;
  readonly legend?: object;
  readonly series?: readonly object[];
  readonly graphic: readonly object[];
}

/** Draws the widgets of a dashboard where the console would, with invented values. */
export function draw(widgets: readonly Widget[]): string {
  const height = TOP + ROW * Math.max(...widgets.map((each) => each.y + each.height)) + MARGIN;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const graphs = widgets.filter(({ type }) => type === 'metric');
  const parts = widgets.map((widget) => partOf(widget, graphs.indexOf(widget)));
  chart.setOption({
    animation: false,
    backgroundColor: '#f2f3f3',
    textStyle: FONT,
    grid: parts.flatMap(({ grid }) => grid ?? []),
    xAxis: parts.flatMap(({ xAxis }) => xAxis ?? []),
    yAxis: parts.flatMap(({ yAxis }) => yAxis ?? []),
    legend: parts.flatMap(({ legend }) => legend ?? []),
    series: parts.flatMap(({ series }) => series ?? []),
    graphic: [
      ...parts.flatMap(({ graphic }) => graphic),
      text(MARGIN, 20, TITLE, { fontSize: 17, fontWeight: 'bold', fill: '#b0084d' }),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return named(svg);
}

function partOf(widget: Widget, index: number): Part {
  const place = {
    left: MARGIN + widget.x * COLUMN + 4,
    top: TOP + widget.y * ROW + 4,
    width: widget.width * COLUMN - 8,
    height: widget.height * ROW - 8,
  };
  if (widget.type === 'text') return { graphic: markdown(widget, place) };
  const { title = '' } = widget.properties;
  const frame = [
    {
      type: 'rect',
      z: -10,
      shape: { x: place.left, y: place.top, width: place.width, height: place.height, r: 4 },
      style: { fill: '#ffffff', stroke: '#d5dbdb' },
      silent: true,
    },
    text(place.left + 12, place.top + 12, title, { fontSize: 14, fontWeight: 'bold' }),
  ];
  if (widget.type === 'alarm') return { graphic: [...frame, ...tiles(widget, place)] };
  return graph(widget, place, index, frame);
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function graph(widget: Widget, { left, top, width, height }: Place, index: number, frame: readonly object[]): Part {
  const lines = linesOf(widget);
  const bounds = widget.properties.annotations?.horizontal ?? [];
  const names = lines.map(({ label }, line) => `${index}.${line} ${label}`);
  return {
    graphic: frame,
    grid: { left: left + 48, top: top + 44, width: width - 64, height: height - 108 },
    xAxis: {
      type: 'category',
      gridIndex: index,
      data: Array.from({ length: POINTS }, (_, point) => clock(point)),
      axisLabel: { ...FONT, fontSize: 11, interval: 11 },
      axisTick: { show: false },
      boundaryGap: false,
    },
    yAxis: {
      type: 'value',
      gridIndex: index,
      min: 0,
      max:
        bounds.length === 0
          ? undefined
          : ({ max }: { max: number }) => above(Math.max(max, ...bounds.map(({ value }) => value))),
      splitNumber: 3,
      axisLabel: { ...FONT, fontSize: 11, formatter: short },
      splitLine: { lineStyle: { color: '#eaeded' } },
    },
    legend: {
      left: left + 8,
      top: top + height - 42,
      width: width - 16,
      itemWidth: 12,
      itemHeight: 8,
      itemGap: 10,
      icon: 'rect',
      data: names,
      formatter: (name: string) => name.slice(name.indexOf(' ') + 1),
      textStyle: FONT,
    },
    series: lines.map((line, number) => ({
      name: names[number],
      type: 'line',
      xAxisIndex: index,
      yAxisIndex: index,
      symbol: 'none',
      color: COLOURS[number % COLOURS.length],
      lineStyle: { width: 1.5 },
      data: inventedValues(line),
      ...(number === 0 && bounds.length > 0 && { markLine: boundLines(bounds) }),
    })),
  };
}

function boundLines(bounds: readonly { readonly label: string; readonly value: number }[]): object {
  return {
    symbol: 'none',
    silent: true,
    lineStyle: { color: '#d62728', type: 'solid', width: 1 },
    data: bounds.map(({ label, value }) => ({
      yAxis: value,
      label: { ...FONT, fontSize: 11, color: '#d62728', formatter: `${label} ${value}`, position: 'insideStartTop' },
    })),
  };
}

/** Tiles of alarms. Where only alarms in ALARM are shown, the picture has one. */
function tiles({ properties: { alarms = [], states } }: Widget, { left, top, width }: Place): object[] {
  const shown = states === undefined ? alarms : alarms.slice(0, 1);
  const size = 226;
  const perRow = Math.floor((width - 24) / (size + 8));
  return shown.flatMap((alarm, index) => {
    const isFiring = states !== undefined;
    const [stack = '', name = ''] = (alarm.split(':alarm:')[1] ?? alarm).split('/');
    const x = left + 12 + (index % perRow) * (size + 8);
    const y = top + 38 + Math.floor(index / perRow) * 68;
    return [
      {
        type: 'rect',
        shape: { x, y, width: size, height: 60, r: 4 },
        style: { fill: isFiring ? '#fdf3f1' : '#f2f8f0', stroke: isFiring ? '#d13212' : '#1d8102' },
        silent: true,
      },
      text(x + 10, y + 10, cut(name, 30), { fontWeight: 'bold' }),
      text(x + 10, y + 34, `${isFiring ? 'In alarm' : 'OK'} · ${stack}`, { fill: isFiring ? '#d13212' : '#1d8102' }),
    ];
  });
}

/** Headings and paragraphs of a text. */
function markdown({ properties: { markdown: source = '' } }: Widget, { left, top, width }: Place): object[] {
  let y = top + 4;
  return source.split('\n\n').map((paragraph) => {
    const [, marks = '', words = paragraph] = /^(#+) (.*)$/.exec(paragraph) ?? [];
    const fontSize = marks.length === 0 ? 14 : 26 - 4 * marks.length;
    const lines = wrapped(words.replaceAll(/\*\*|\[([^\]]*)\]\([^)]*\)/g, '$1'), (width - 24) / (fontSize * 0.52));
    const element = text(left + 12, y, lines.join('\n'), {
      fontSize,
      lineHeight: fontSize * 1.4,
      fontWeight: marks.length === 0 ? 'normal' : 'bold',
    });
    y += lines.length * fontSize * 1.4 + 6;
    return element;
  });
}

/** Lines of words, each with fewer letters than the length. */
function wrapped(words: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.pop();
    if (last === undefined) lines.push(word);
    else if (last.length + word.length < length) lines.push(`${last} ${word}`);
    else lines.push(last, word);
  }
  return lines;
}

function text(left: number, top: number, content: string, style: object): object {
  return {
    type: 'text',
    left,
    top,
    z: 10,
    silent: true,
    style: { ...FONT, fill: FONT.color, text: content, ...style },
  };
}

/** A round number above a value. */
function above(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil((1.1 * value) / step) * step;
}

const cut = (name: string, length: number) => (name.length > length ? `${name.slice(0, length - 1)}…` : name);
const clock = (point: number) => `${13 + Math.floor(point / 12)}:${String((point % 12) * 5).padStart(2, '0')}`;
const short = (value: number) =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));

/**
 * The SVG with a title for people who hear it, and without what depends on the charts that ECharts drew before: ids, and
 * classes for a mouse that points at a line.
 */
function named(svg: string): string {
  const label = `<title id="title">The dashboard of an environment</title><desc id="desc">${TITLE}</desc>`;
  const still = svg
    .replaceAll(/zr\d+-/g, 'zr-')
    .replaceAll(/ class="[^"]*"| pointer-events="[^"]*"|<style[^>]*>.*?<\/style>\n?/gs, '')
    .replaceAll(/\d+\.\d{2,}/g, (figure) => String(Number(Number(figure).toFixed(1))));
  return `${still.replace(/<svg ([^>]*)>/, `<svg $1 role="img" aria-labelledby="title desc">\n${label}`)}\n`;
}
