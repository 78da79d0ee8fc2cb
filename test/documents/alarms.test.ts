import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { sectionOf } from '../../lib/runbook-links';
import { isAffecting } from '../../lib/stacks/operations-stack';
import { SleepStack } from '../../lib/stacks/sleep-stack';
import { ALARM_SERIES } from '../support/alarm-series';
import { cents, priceOf } from '../support/bill';
import { matches, read } from '../support/documents';
import { alarmsIn, stacksOf, stageOf } from '../support/stage';
import { variants } from '../support/variants';

const PAGES = ['docs/alarms.md', 'docs/alarms.ja.md'];
const words = (id: string) =>
  id.replaceAll(/(?<!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace('Cpu', 'CPU');

const STAGES = Object.values(variants()).map((config) => stageOf(config));

/** Stack and words of the id, as the table names an alarm. */
const keyOf = (alarm: cloudwatch.IAlarm) =>
  `${Stack.of(alarm).constructor.name.replace(/Stack$/, '')} ${words(alarm.node.id)}`;

/** Stack and part of a runbook: `WebSocketApi ticker#errors`. */
function sectionKeyOf(alarm: cloudwatch.IAlarm): string {
  const { page, anchor } = sectionOf(alarm) ?? {};
  return `${Stack.of(alarm).constructor.name.replace(/Stack$/, '')} ${page}#${anchor}`;
}

interface Row {
  readonly key: string;
  readonly section: string;
  readonly condition: string;
  readonly silence: string;
  readonly pages: boolean;
}

/** Rows of the table of alarms, by stack and words of the id. */
function rowsOf(page: string): Row[] {
  return read(page)
    .split('\n')
    .flatMap((line) => {
      const [, stack, alarm, link = '', condition = '', silence = '', pages] =
        /^\| (\w+) \| \[([^\]]+)\]\(runbooks\/([^)]+)\) \| (.*) \| ([^|]+) \|( | [^|]+ )\|$/.exec(line) ?? [];
      if (stack === undefined) return [];
      const section = `${stack} ${link.replace(/(\.ja)?\.md/, '')}`;
      return [{ key: `${stack} ${alarm}`, section, condition, silence, pages: pages?.trim() !== '' }];
    });
}

/** Composite alarms but `UsersAffected`, which has a section of its own. Each joins alarms that are in ALARM without data. */
const COMPOSITES = [
  ...new Set(
    STAGES.flatMap(alarmsIn)
      .filter((alarm) => alarm instanceof cloudwatch.CompositeAlarm)
      .map(keyOf),
  ),
]
  .filter((key) => key !== 'Operations Users affected')
  .map((key) => ({ key, silence: 'ALARM' }));
const ofMetrics = Object.entries(ALARM_SERIES).map(([key, { silence }]) => {
  const [stack, alarm] = [key.split(' ')[0], words(key.split('/')[1] ?? '')];
  if (silence === 'rings') return { key: `${stack} ${alarm}`, silence: 'ALARM' };
  if ('partner' in silence) return { key: `${stack} ${alarm}`, silence: words(silence.partner.split('/')[1] ?? '') };
  return { key: `${stack} ${alarm}`, silence: expect.stringMatching(/^OK [¹²]$/) };
});

const expected = [...ofMetrics, ...COMPOSITES];

/**
 * Alarms that page: the children of `UsersAffected`, of which some are alarms in one environment and a composite alarm in
 * another, and the alarm on a run of sleep, after which `UsersAffected` may send nothing.
 */
const paging = new Set(
  STAGES.flatMap((stage) =>
    Object.values(stacksOf(stage))
      .flatMap((stack) => [
        ...(isAffecting(stack) ? stack.affecting : []),
        ...(stack instanceof SleepStack && stack.failed ? [stack.failed] : []),
      ])
      .map(keyOf),
  ),
);

/** What the templates say of an alarm: its descriptions in all variants, without the first look, and how long it takes. */
interface Found {
  readonly descriptions: Set<string>;
  readonly times: Set<string>;
}
const found = new Map<string, Found>();
for (const alarm of STAGES.flatMap(alarmsIn)) {
  const resource = alarm.node.defaultChild;
  if (!(resource instanceof cloudwatch.CfnAlarm)) continue;
  const { descriptions, times } = found.get(sectionKeyOf(alarm)) ?? { descriptions: new Set(), times: new Set() };
  const [said = ''] = (resource.alarmDescription ?? '').split(' First look: ');
  found.set(sectionKeyOf(alarm), { descriptions: descriptions.add(said), times: times.add(timeOf(resource)) });
}

/** Time of an alarm, as its description has it: `3 of 5`, `15 minutes`; nothing where one event is enough. */
function timeOf(alarm: cloudwatch.CfnAlarm): string {
  const { evaluationPeriods = 0, datapointsToAlarm = evaluationPeriods, threshold } = alarm;
  if (datapointsToAlarm < evaluationPeriods) return `${datapointsToAlarm} of ${evaluationPeriods}`;
  if (evaluationPeriods === 1 && threshold === 1) return '';
  const metrics: readonly { readonly metricStat?: { readonly period: number } }[] = Stack.of(alarm).resolve(
    alarm.metrics ?? [],
  );
  const period = alarm.period ?? metrics.find(({ metricStat }) => metricStat)?.metricStat?.period ?? Number.NaN;
  const minutes = (evaluationPeriods * period) / 60;
  return minutes > 60 ? `${minutes / 60} hours` : `${minutes} minutes`;
}

/** A description without the figures of an environment, which the page replaces by the name of their property, or by their share. */
function withoutEnvironment(description: string): string {
  const shareOf = (_: string, ms: string, times: string, timeout: string) =>
    `${(100 * Number(ms)) / Number(timeout)} % in ${times}`;
  return description
    .replace(/took (\d+) ms or more in (.*), with a timeout of (\d+) ms/, shareOf)
    .replace(/(?:its maximum of|with|may be) \d+(?: tasks| pods|$|\.)/g, '')
    .replace(/No request reached the API for \d+ minutes/, '');
}

/**
 * Figures of a text in order of size: no status codes, ms as seconds, `15 of 15` as 15, the 99th percentile as the slowest
 * 1 %, and `1 分に` as `a minute`.
 */
function figuresOf(text: string): number[] {
  const plain = text
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/(\d+)000 ms/g, '$1 seconds')
    .replaceAll(/(\d+) of \1\b/g, '$1')
    .replaceAll('99 パーセンタイル', '1 %')
    .replaceAll(/1 (?:分|時間)に/g, '')
    .replaceAll(/HTTP \d+/g, '');
  return matches(plain, /(?<![\w.])(\d+(?:\.\d+)?)(?![\w])/g)
    .map(Number)
    .toSorted((one, other) => one - other);
}

test.each(PAGES)('%s has every alarm, and says what happens without data', (page) => {
  const rows = rowsOf(page).map(({ key, silence }) => ({ key, silence }));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(rows.toSorted(byKey)).toEqual(expected.toSorted(byKey));
});

test.each(PAGES)('%s marks the alarms that page a person, and no other', (page) => {
  const marked = rowsOf(page).flatMap(({ key, pages }) => (pages ? [key] : []));
  expect(marked.length).toBeGreaterThan(5);
  expect(new Set(marked)).toEqual(paging);
});

describe.each(PAGES)('the rows of %s', (page) => {
  const rows = rowsOf(page).filter(({ section }) => found.has(section));

  test.each(rows)('$section has the figures of the description of the alarm', ({ section, condition }) => {
    const said = Array.from(found.get(section)?.descriptions ?? [], withoutEnvironment);
    expect([...new Set(said.map((text) => figuresOf(text).join()))]).toEqual([figuresOf(condition).join()]);
  });

  test('have the prices of a metric and of a composite alarm', () => {
    const text = read(page).replaceAll(/\s+/g, ' ');
    const prices = matches(text, /(?<![\d.])(\d\.\d\d)(?! %)/g);
    const [metric, composite] = ['standard alarm, metric and month', 'composite alarm, month'].map((name) =>
      cents(priceOf(name, 'us-east-1') ?? Number.NaN),
    );
    expect(prices).toEqual([metric, composite, composite, metric, composite]);
    const joining = rowsOf(page).filter(({ key }) => COMPOSITES.some((alarm) => alarm.key === key));
    expect(joining.map(({ condition }) => condition.includes(composite ?? ''))).toEqual([true]);
  });
});

test.each([...found])('the description of %s has the time that its properties give', (_, { times, descriptions }) => {
  for (const time of times) {
    for (const description of descriptions) expect(description).toContain(time);
  }
});
