import { configurations, idleLines, priceOf, REGIONS, Region, usd } from '../support/bill';
import { matches, read, twins } from '../support/documents';
import { rowsBelow } from '../support/page-tables';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const numbersOf = (text = '') => matches(text, /(?<![\w.-])(\d+(?:\.\d+)?)(?![\w.])/g).map(Number);
const inOrder = (numbers: readonly number[]) => numbers.toSorted((one, other) => one - other);

/** Minutes that the construct takes for a kind of release. */
function minutesOf(kind: string): number[] {
  const [, minutes] =
    new RegExp(`kind: '${kind}'; readonly minutes: ([\\d |]+)`).exec(read('lib/constructs/gradual-release.ts')) ?? [];
  return numbersOf(minutes);
}

/** A line of the costs of production while idle. */
function lineOf(name: string) {
  const line = idleLines(configurations.production()).find((each) => each.name.en === name);
  if (line === undefined) throw new Error(`Production has no ${name}.`);
  return line;
}
const TASKS = lineOf('Fargate task, arm64');
const PROVISIONED = lineOf('provisioned concurrency, arm64');

describe.each(twins('docs/releases.md'))('%s', (page) => {
  const regions: readonly Region[] = page.endsWith('.ja.md') ? REGIONS.toReversed() : REGIONS;
  const rows = rowsBelow(page, page.endsWith('.ja.md') ? /デプロイが延びる時間/ : /a deployment takes longer by/);

  test('has the minutes of a release that the construct takes', () => {
    const [sentence = ''] = read(page).match(/^- \*\*`canary`\*\*.*?(?=^- |\[)/ms) ?? [];
    const [canary, linear] = sentence.split('**`linear`**').map((text) => numbersOf(text.replaceAll(/\d+ %/g, '')));
    expect([canary, linear]).toEqual([minutesOf('canary'), minutesOf('linear')]);
    expect(minutesOf('linear')).toHaveLength(4);
  });

  test('defines its functions as the runbook does to which a step leads', () => {
    const functionsOf = (name: string) => matches(read(name), /^((?:output|ids)\(\) \{\n(?: .*\n)+\}\n)/gm).toSorted();
    const runbook = page.replace('releases', 'runbooks/load-balancer');
    expect(functionsOf(page)).toHaveLength(2);
    expect(functionsOf(page)).toEqual(functionsOf(runbook));
  });

  test('has the times that follow from the steps', () => {
    const [canary = [], linear = []] = rows;
    const [canaryMinutes = 0] = numbersOf(canary[0]);
    expect(minutesOf('canary')).toContain(canaryMinutes);
    // The first 10 % at once, and nine times 10 % more.
    expect([canary, linear].map(([, time]) => numbersOf(time))).toEqual([
      [canaryMinutes],
      [9 * (minutesOf('linear')[0] ?? 0)],
    ]);
  });

  test('has the times of tasks in steps: that of the example, and the default of the bake time', () => {
    const [example = 0] = matches(read(page), /name: 'history',\s+release: \{ kind: 'canary', minutes: (\d+) \}/g).map(
      Number,
    );
    const [bake = 0] = matches(read(page), /`bakeMinutes`,? ?(?:分（既定は )?(\d+)/g).map(Number);
    expect([`${bake}`]).toEqual(matches(read('lib/constructs/container-service.ts'), /DEFAULT_BAKE_MINUTES = (\d+)/g));
    const [name, time] = rows.find((cells) => /ECS.*`canary`/.test(cells[0] ?? '')) ?? [];
    expect(numbersOf(name)).toEqual([example]);
    expect(numbersOf(time)).toEqual([example + bake, bake]);
  });

  test('has the capacity of production, and its price for 10 minutes, for the minutes of its row or, for a node, an hour', () => {
    // The quantities of a line are those of a month, which is 730 hours.
    const during = (line: typeof TASKS, minutes = 10) =>
      line.amount.map(([quantity, price]) => [(quantity / 730) * (minutes / 60), price] as const);
    const node = 'm7g.large';
    const amounts = [
      during(PROVISIONED),
      during(PROVISIONED),
      during(TASKS),
      during(TASKS, numbersOf(rows[3]?.[1])[0]),
      [[1, `${node}, hour`] as const],
    ];
    const prices = amounts.map((amount) =>
      regions.map((region) =>
        amount.reduce((sum, [quantity, name]) => sum + quantity * (priceOf(name, region) ?? Number.NaN), 0).toFixed(4),
      ),
    );
    expect(rows.map((cells) => cells.slice(-2))).toEqual(prices);
    const quantities = [PROVISIONED, PROVISIONED, TASKS, TASKS].map(({ quantity }) => inOrder(numbersOf(quantity.en)));
    expect(rows.slice(0, 4).map(([, , capacity]) => inOrder(numbersOf(capacity)))).toEqual(quantities);
    const groups = resourcesOf(configurations.productionWithCluster()).filter(
      ([, , { Type }]) => Type === 'AWS::EKS::Nodegroup',
    );
    expect(groups.map(([, , { Properties }]) => Properties?.['InstanceTypes'])).toEqual([[node]]);
    expect(rows[4]?.[2]).toContain(node);
  });

  test('has the price of the alarm on the new version', () => {
    const released = variants()['with releases that go back'];
    const [alarm] = (released ? resourcesOf(synthesized(released)) : []).filter(([, id]) =>
      /NewVersionErrors/.test(id),
    );
    const metrics = JSON.stringify(alarm).match(/"MetricStat"/g)?.length ?? 0;
    const price = usd([metrics, 'standard alarm, metric and month']);
    expect(matches(read(page), /`NewVersionErrors`.* (\d\.\d\d) USD/g)).toEqual([price]);
  });
});
