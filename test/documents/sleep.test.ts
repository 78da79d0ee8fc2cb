import { Template } from 'aws-cdk-lib/assertions';
import { alarmsOf, cents, HOURS, REGIONS, usd, usdOf, usdTokyo } from '../support/bill';
import { matches, read, twins } from '../support/documents';
import { resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

/** From 20:00 to 08:00 between working days, and from Friday to Monday. */
const ASLEEP = (4 * 12 + (4 + 48 + 8)) / (7 * 24);
const asleep = (quantity: number) => quantity * ASLEEP;

const FARGATE = [
  [asleep(HOURS * 0.25), 'Fargate arm64, vCPU, hour'],
  [asleep(HOURS * 0.5), 'Fargate arm64, GB, hour'],
] as const;
const PROVISIONED = [[asleep(HOURS * 3600 * 0.5), 'provisioned concurrency, arm64, GB-second']] as const;
const NODES = [[asleep(HOURS * 2), 't4g.medium, eight times t4g.nano, hour']] as const;
const VOLUMES = [[asleep(2 * 20), 'gp3 volume: 8 GB for a NAT instance, 20 GB for a node, GB and month']] as const;

const SANDBOX = [...FARGATE, ...PROVISIONED];
const WITH_CLUSTER = [...SANDBOX, ...NODES, ...VOLUMES];

const ROWS = [FARGATE, PROVISIONED, SANDBOX, NODES, VOLUMES, WITH_CLUSTER];

test.each([
  ['docs/sleep.md', REGIONS],
  ['docs/sleep.ja.md', REGIONS.toReversed()],
] as const)('%s has the saving that follows from the prices', (page, regions) => {
  const table = read(page).match(/^\| [^|]+ \| \**\d+\.\d\d\** \| \**\d+\.\d\d\** \|$/gm) ?? [];
  const figures = table.map((row) => row.match(/\d+\.\d\d/g));
  expect(figures).toEqual(ROWS.map((amount) => regions.map((region) => cents(usdOf(amount, region) ?? Number.NaN))));
});

const sentencesOf = (page: string) => read(page).replaceAll(/\s+/g, ' ');
const { 'that sleeps': sleeping } = variants();
const templates = sleeping ? synthesized(sleeping) : {};
const propertiesOf = (type: string) =>
  resourcesOf(templates).flatMap(([, , { Type, Properties = {} }]) => (Type === type ? [Properties] : []));

describe.each(twins('docs/sleep.md'))('%s', (page) => {
  test('has the answer of the load balancer with the hours of its example', () => {
    expect(read(page)).toContain(
      `sleep: { timeZone: '${sleeping?.sleep?.timeZone}', from: '${sleeping?.sleep?.from}', until: '`,
    );
    const responses = propertiesOf('AWS::ElasticLoadBalancingV2::ListenerRule')
      .flatMap(({ Actions }) => Object(Actions))
      .flatMap(({ FixedResponseConfig: fixed }) => (fixed?.StatusCode === '503' ? [fixed.MessageBody] : []));
    expect(responses).toHaveLength(1);
    expect(matches(read(page), /`(\{"message".*?\})`/g)).toEqual(responses);
  });

  test('has the minutes for which a run waits', () => {
    const definition = JSON.stringify(propertiesOf('AWS::StepFunctions::StateMachine')).replaceAll('\\', '');
    const minutesOf = (state: string) =>
      matches(definition, new RegExp(`"${state}":\\{"Type":"Wait","Seconds":(\\d+)`, 'g')).map(
        (seconds) => Number(seconds) / 60,
      );
    const text = sentencesOf(page).replaceAll(/\b(?:Two|Ten)\b/g, (word) => (word === 'Two' ? '2' : '10'));
    for (const [state, printed] of [
      ['Wait for alarms', /(\d+) (?:minutes later, the alarms send|分後にアラームが)/g],
      ['Wait for pods', /(\d+) (?:minutes pass between healthy nodes and|分待ちます)/g],
      ['Remove nodes: wait', /(?:the run looks|実行は) (\d+) (?:minutes|分)/g],
    ] as const)
      expect([state, ...matches(text, printed).map(Number)]).toEqual([state, ...minutesOf(state)]);
  });

  test('has the minutes after which a run fails', () => {
    const definition = JSON.stringify(propertiesOf('AWS::StepFunctions::StateMachine')).replaceAll('\\', '');
    const printed = matches(sentencesOf(page), /(?:the run fails|実行は開始から) (\d+) (?:minutes after|分後に失敗)/g);
    expect(printed.map((minutes) => `${60 * Number(minutes)}`)).toEqual(matches(definition, /"TimeoutSeconds":(\d+)/g));
  });

  test('has the price of the alarm on a run that fails', () => {
    expect(matches(read(page), /`Failed`\s*[(（](\d\.\d\d)[)）]/g)).toEqual([alarmPrice()]);
  });
});

function alarmPrice(): string {
  const { metrics } = alarmsOf({ Sleep: templates['Sleep'] ?? Template.fromJSON({}) });
  return usd([metrics, 'standard alarm, metric and month']);
}

test.each([
  [
    'docs/costs.md',
    `This saves ${usd(...SANDBOX)} of the sum (${usdTokyo(...SANDBOX)} in ap-northeast-1), ` +
      `or with a cluster ${usd(...WITH_CLUSTER)} (${usdTokyo(...WITH_CLUSTER)}), and adds ${alarmPrice()} for an alarm`,
  ],
  [
    'docs/costs.ja.md',
    `${usdTokyo(...SANDBOX)}（us-east-1 では ${usd(...SANDBOX)}）、クラスターがある場合は ` +
      `${usdTokyo(...WITH_CLUSTER)}（us-east-1 では ${usd(...WITH_CLUSTER)}）を節約できます。` +
      `アラームの ${alarmPrice()} が加わります`,
  ],
])('%s has the saving of the sandbox and the price of the alarm', (page, sentence) => {
  expect(sentencesOf(page)).toContain(sentence);
});
