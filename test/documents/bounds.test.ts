import { EnvironmentConfig } from '../../lib/environment-config';
import { MINUTES } from '../support/bill';
import { matches, read, twins } from '../support/documents';
import { fixtureOf, fixtures, withServices } from '../support/fixture';
import { resourcesOf, stageOf, synthesized } from '../support/stage';

const trial = fixtureOf('trial');
const { webSocketApi } = trial;
if (webSocketApi === undefined) throw new Error('The sandbox has a WebSocket API.');

/** Cells of the first row of a page that begins with a text. */
function cellsOf(page: string, start: string): string[] {
  const row = read(page)
    .split('\n')
    .find((line) => line.startsWith(`| ${start}`));
  return (row ?? '').split('|').map((cell) => cell.trim());
}

/** Numbers of a text, such as 3600 of `1 to 3600`. */
const numbersOf = (text: string) => matches(text, /(\d+(?:\.\d+)?)/g).map(Number);

/** The message with which a synthesis refuses a change of the sandbox. */
function refusalOf(change: Partial<EnvironmentConfig>): string {
  try {
    stageOf({ ...trial, ...change });
  } catch (error) {
    return String(error);
  }
  throw new Error('The synthesis refuses nothing.');
}

const propertiesOf = (config: EnvironmentConfig, type: string) =>
  resourcesOf(synthesized(config)).flatMap(([, , { Type, Properties = {} }]) => (Type === type ? [Properties] : []));

describe.each(twins('docs/switches.md'))('%s', (page) => {
  const values = (start: string) => cellsOf(page, start)[2] ?? '';

  test('has the bounds that a synthesis asks for', () => {
    const cache = { quoteTtlSeconds: 0, historyTtlSeconds: 60 };
    for (const [row, change] of [
      ['`restApi.cache`', { restApi: { ...trial.restApi, cache } }],
      ['`function.memoryMiB`', { function: { ...trial.function, memoryMiB: 0 } }],
      ['`webSocketApi.maxSymbols`', { webSocketApi: { ...webSocketApi, maxSymbols: 0 } }],
      ['`services.minTasks`', withServices(trial, { minTasks: 0 })],
    ] as const) {
      const [bounds = ''] = matches(refusalOf(change), /must be (.*?), got/g);
      const [printed = ''] = matches(values(row), /(\d+ (?:to|から) \d+|at least \d+|\d+ 以上)/g);
      expect(`${row} ${numbersOf(printed)}`).toBe(`${row} ${numbersOf(bounds)}`);
    }
  });

  test('names the periods of the ticker, by which its run can be divided', () => {
    const ticker = { everySeconds: 7, scheduled: false };
    const refused = refusalOf({ webSocketApi: { ...webSocketApi, ticker } });
    const [run = 0] = matches(refused, /by which (\d+) can be divided/g).map(Number);
    const periods = Array.from({ length: run }, (_, index) => index + 1).filter((seconds) => run % seconds === 0);
    expect(periods.length).toBeGreaterThan(10);
    expect(numbersOf(values('`webSocketApi.ticker.everySeconds`'))).toEqual(periods);
  });

  test('has the default of the target utilization', () => {
    expect(trial.function.provisionedConcurrency?.targetUtilization).toBeUndefined();
    const [target] = propertiesOf(trial, 'AWS::ApplicationAutoScaling::ScalingPolicy')
      .map(({ TargetTrackingScalingPolicyConfiguration }) => Object(TargetTrackingScalingPolicyConfiguration))
      .filter(({ PredefinedMetricSpecification }) =>
        /Lambda/.test(PredefinedMetricSpecification?.PredefinedMetricType),
      );
    const [printed] = matches(values('`function.provisionedConcurrency`'), /`targetUtilization` ?[(（](.*?)[)）]/g);
    expect(printed).toBe(String(target?.TargetValue));
  });

  test('says which environment has a cluster', () => {
    const words = page.endsWith('.ja.md')
      ? { production: '本番', sandbox: 'サンドボックス' }
      : { production: 'production', sandbox: 'sandbox' };
    for (const [name, fixture] of [
      ['production', fixtures.lasting],
      ['sandbox', fixtures.trial],
    ] as const)
      expect(values('`kubernetes.enabled`')).toMatch(
        new RegExp(`\`${fixture.kubernetes?.enabled}\` ?[(（]${words[name]}[)）]`),
      );
  });
});

test.each([...twins('docs/costs.md'), ...twins('docs/websocket.md')])('%s counts the runs of the schedule', (page) => {
  const schedules = propertiesOf(fixtureOf('lasting'), 'AWS::Scheduler::Schedule');
  expect(schedules.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(['rate(1 minute)']);
  expect(matches(read(page), /(\d\d,\d00)(?: traces|\s+runs| 件のトレース| 回（)/g)).toEqual([
    MINUTES.toLocaleString('en'),
  ]);
});

describe.each(twins('docs/choose-an-api.md'))('%s', (page) => {
  test('has the time within which the tasks answer 503, as each API asks for it', () => {
    const integrations = JSON.stringify([
      propertiesOf(trial, 'AWS::ApiGateway::Method'),
      propertiesOf(trial, 'AWS::ApiGatewayV2::Integration'),
    ]);
    const asked = matches(integrations, /x-timeout-ms":"'?(\d+)/g).map((ms) => Number(ms) / 1_000);
    const row = page.endsWith('.ja.md') ? 'タスクの処理能力を超える' : 'more histories than';
    const printed = cellsOf(page, row).map((cell) => matches(cell, /(\d+) (?:s\b|秒以内)/g).map(Number));
    expect(printed.flat()).toEqual(asked);
    expect(asked).toHaveLength(2);
  });

  test('has the timeouts of integrations that the code respects', () => {
    const [rest] = matches(read('lib/constructs/private-function.ts'), /A REST API waits for (\d+) seconds at most/g);
    const [webSocket] = matches(read('lib/constructs/websocket-sessions.ts'), /'timeout', .*, 1, (\d+), 'seconds'/g);
    const row = page.endsWith('.ja.md') ? '統合タイムアウト' : 'integration timeout';
    const [, , ofRest = '', ofHttp = '', ofWebSocket = ''] = cellsOf(page, row);
    // The HTTP API has no timeout of ours: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    expect([ofRest, ofHttp, ofWebSocket].flatMap(numbersOf)).toEqual([Number(rest), 30, Number(webSocket)]);
  });
});
