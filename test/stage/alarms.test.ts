import { Resource, resourcesOf, synthesized } from '../support/stage';
import { ALARM_TOPIC, variants } from '../support/variants';

interface Metric {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

/** The metrics of an alarm: all metrics of its expression, or its only metric. */
function metricsOf({ Properties: properties = {} }: Resource): Metric[] {
  const { Metrics: metrics } = properties;
  const plain = Array.isArray(metrics)
    ? metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]))
    : [properties];
  return plain.map(({ Namespace, MetricName, Dimensions = [] }) => ({
    name: `${Namespace} ${MetricName}`,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }: Record<string, string>) => [Name, Value])),
  }));
}

/** A value as text, so that references can be compared. */
const text = (value: unknown) => JSON.stringify(value);

describe.each(Object.entries(variants()))('%s', (_, config) => {
  const resources = resourcesOf(synthesized(config));
  const ofType = (type: string) => resources.filter(([, , { Type }]) => Type === type);
  const alarms = ofType('AWS::CloudWatch::Alarm');
  const watchedMetrics = (name: string) =>
    alarms.flatMap(([stack, , alarm]) =>
      metricsOf(alarm)
        .filter((metric) => metric.name === name)
        .map(({ dimensions }) => ({ stack, dimensions })),
    );

  test('each target group has one alarm for its last healthy target, with its load balancer as a dimension', () => {
    const groups = ofType('AWS::ElasticLoadBalancingV2::TargetGroup');
    expect(groups.length).toBeGreaterThan(0);
    const healthy = watchedMetrics('AWS/ApplicationELB HealthyHostCount');
    expect(healthy.map(({ stack, dimensions }) => `${stack} ${text(dimensions['TargetGroup'])}`).sort()).toEqual(
      groups.map(([stack, id]) => `${stack} ${text({ 'Fn::GetAtt': [id, 'TargetGroupFullName'] })}`).sort(),
    );
    for (const { dimensions } of healthy) expect(text(dimensions['LoadBalancer'])).toContain('LoadBalancerFullName');
  });

  test('each REST API has an alarm for answers of 5XX, with its name as a dimension', () => {
    const names = ofType('AWS::ApiGateway::RestApi').map(
      ([stack, , { Properties }]) => `${stack} ${Properties?.['Name']}`,
    );
    const errors = watchedMetrics('AWS/ApiGateway 5XXError');
    // An API may have several alarms.
    expect(new Set(errors.map(({ stack, dimensions }) => `${stack} ${dimensions['ApiName']}`))).toEqual(new Set(names));
    const stages = ofType('AWS::ApiGateway::Stage').map(([stack, id]) => [stack, { Ref: id }]);
    for (const { stack, dimensions } of errors) expect(stages).toContainEqual([stack, dimensions['Stage']]);
  });

  test('each HTTP API has an alarm for answers of 5XX, with its id as a dimension', () => {
    const apis = ofType('AWS::ApiGatewayV2::Api').filter(
      ([, , { Properties }]) => Properties?.['ProtocolType'] === 'HTTP',
    );
    const errors = watchedMetrics('AWS/ApiGateway 5xx');
    expect(new Set(errors.map(({ stack, dimensions }) => text([stack, dimensions['ApiId']])))).toEqual(
      new Set(apis.map(([stack, id]) => text([stack, { Ref: id }]))),
    );
    for (const { dimensions } of errors) expect(dimensions['Stage']).toBe('v1');
  });

  test('answers of the REST API may take longer than those of the HTTP API, because its requests wait for a container', () => {
    const threshold = (stack: string) =>
      alarms
        .filter(([name, id]) => name === stack && id.startsWith('AlarmsLatency'))
        .map(([, , each]) => each.Properties?.['Threshold']);
    expect(threshold('RestApi')).toEqual([5_000]);
    expect(threshold('HttpApi')).toEqual(config.httpApi ? [3_000] : []);
  });

  test('the hits of the cache have an alarm where there is a cache', () => {
    expect(watchedMetrics('AWS/ApiGateway CacheHitCount').map(({ stack }) => stack)).toEqual(
      config.restApi.cache ? ['RestApi'] : [],
    );
  });

  test('each table has alarms on throttled reads, throttled writes and system errors', () => {
    const tables = ofType('AWS::DynamoDB::Table').map(([stack, id]) => text([stack, { Ref: id }]));
    for (const metric of ['ReadThrottleEvents', 'WriteThrottleEvents', 'SystemErrors']) {
      const watched = watchedMetrics(`AWS/DynamoDB ${metric}`);
      expect(watched.map(({ stack, dimensions }) => text([stack, dimensions['TableName']]))).toEqual(tables);
    }
  });

  test('each WebSocket API has alarms on its own errors', () => {
    const apis = ofType('AWS::ApiGatewayV2::Api').filter(
      ([, , { Properties }]) => Properties?.['ProtocolType'] === 'WEBSOCKET',
    );
    for (const metric of ['ExecutionError', 'IntegrationError']) {
      const watched = watchedMetrics(`AWS/ApiGateway ${metric}`);
      expect(watched.map(({ stack, dimensions }) => text([stack, dimensions]))).toEqual(
        apis.map(([stack, id]) => text([stack, { ApiId: { Ref: id }, Stage: 'v1' }])),
      );
    }
  });

  test('every alarm sends to the topic of the environment, and has no action without a topic', () => {
    const topic = config.alarmTopicArn === undefined ? undefined : [ALARM_TOPIC];
    expect(alarms.length).toBeGreaterThan(2);
    for (const [, , { Properties }] of alarms) {
      expect(Properties).toMatchObject(topic === undefined ? {} : { AlarmActions: topic, OKActions: topic });
      if (topic === undefined) expect(Properties).not.toHaveProperty('AlarmActions');
    }
  });
});
