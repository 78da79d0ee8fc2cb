import { usd } from '../support/bill';
import { matches, read, twins } from '../support/documents';
import { fixtureOf } from '../support/fixture';
import { synthesized } from '../support/stage';

/** Metrics on the dashboard of the sandbox: the lines of its graphs, without searches, by what they show. */
function linesOf(): string[] {
  const dashboards = synthesized(fixtureOf('trial'))['Dashboard']?.findResources('AWS::CloudWatch::Dashboard') ?? {};
  const body = Object.values(dashboards).flatMap(
    ({ Properties }): unknown[] => Properties.DashboardBody['Fn::Join'][1],
  );
  // References stay different from each other.
  const text = body
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part).replaceAll('"', '')))
    .join('');
  const widgets: readonly { readonly properties: { readonly metrics?: readonly unknown[][] } }[] =
    JSON.parse(text).widgets;
  return widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([namespace]) => typeof namespace === 'string')
    .map((metric) => metric.filter((part) => typeof part === 'string').join(' '));
}

test.each(twins('docs/dashboard.md'))(
  '%s has the price of a dashboard, and the metrics on that of the sandbox',
  (page) => {
    const [, price = ''] = /^## (?:Price|料金)\n(.*?)^## /ms.exec(read(page)) ?? [];
    const lines = linesOf();
    const metrics = new Set(lines).size;
    expect(matches(price, /(\d+\.\d\d) USD/g)).toEqual([usd([1, 'dashboard, month'])]);
    expect(matches(price, /(?<=\s)(\d+) (?:metrics in|個のメトリクス)/g)).toEqual([String(metrics)]);
    expect(matches(price, /(\d+) (?:lines|本の線)/g)).toEqual([String(lines.length)]);
    // The page says that the dashboard has too many metrics to be free.
    expect(metrics).toBeGreaterThan(Number(matches(price, /(?:up to|メトリクスが) (\d+)/g).join()));
  },
);
