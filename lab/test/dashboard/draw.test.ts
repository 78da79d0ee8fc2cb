import { linesOf, type Widget, widgetsOf } from '../../dashboard/body';
import { draw } from '../../dashboard/draw';
import { exampleTemplate } from '../../dashboard/example';
import { inventedValues, POINTS } from '../../dashboard/invented';

const widgets = widgetsOf(exampleTemplate());
const graphs = widgets.filter(({ type }) => type === 'metric');
const svg = draw(widgets);
const texts = Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text = '']) => text.trim());

test('the example has every part', () => {
  const titles = widgets.map(({ properties: { title } }) => title).join('\n');
  expect(titles).toMatch(/APIs/);
  for (const part of ['WebSocket', 'Pods: ready', 'EC2 instances', 'Cache', 'NAT', 'Users are affected']) {
    expect(titles).toContain(part);
  }
});

test('the picture says that its values are invented', () => {
  expect(texts[0] === undefined ? '' : texts.join('\n')).toContain('Invented values');
});

test('every graph has its title, the names of its lines and its bounds', () => {
  for (const graph of graphs) {
    expect(texts).toContain(graph.properties.title);
    for (const { label } of linesOf(graph)) expect(texts).toContain(label);
    for (const { label, value } of graph.properties.annotations?.horizontal ?? [])
      expect(texts).toContain(`${label} ${value}`);
  }
});

test('the same dashboard is the same picture, whatever was drawn before', () => {
  draw(graphs);
  expect(draw(widgets)).toBe(svg);
});

test('every line has invented values that are no less than 0', () => {
  for (const line of graphs.flatMap(linesOf)) {
    const values = inventedValues(line);
    expect(values).toHaveLength(POINTS);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  }
});

test('no two lines of a graph have the same values, except those that are 0', () => {
  for (const graph of graphs) {
    const busy = linesOf(graph)
      .map(inventedValues)
      .filter((values) => Math.max(...values) > 0);
    expect(new Set(busy.map(String)).size).toBe(busy.length);
  }
});

test('fails for a template without a dashboard', () => {
  expect(() => widgetsOf({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } })).toThrow(
    'The template has no dashboard.',
  );
});

test('fails for a metric without a name', () => {
  const widget: Widget = { type: 'metric', x: 0, y: 0, width: 6, height: 6, properties: { metrics: [[{ id: 'a' }]] } };
  expect(() => linesOf(widget)).toThrow('has no name. Give a metric or a search.');
});
