import { alarmsOf, observesFully } from '../../lib/environment-config';
import { ContainersStack } from '../../lib/stacks/containers-stack';
import { KubernetesStack } from '../../lib/stacks/kubernetes-stack';
import { fixtureOf, service, withFurther } from '../support/fixture';
import { Resource, resourcesOf, stacksOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

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

/** The resources that a value refers to. */
const refsOf = (value: unknown) => [...text(value).matchAll(/"Ref":"(\w+)"/g)].map(([, id]) => id);

const watched = Object.entries(variants()).filter(([, config]) => alarmsOf(config) !== undefined);

describe.each(watched)('%s', (_, config) => {
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

  test('each target group has alarms on errors, unhealthy targets and latency', () => {
    const groups = ofType('AWS::ElasticLoadBalancingV2::TargetGroup').map(([stack, id]) =>
      text([stack, { 'Fn::GetAtt': [id, 'TargetGroupFullName'] }]),
    );
    for (const name of ['HTTPCode_Target_5XX_Count', 'UnHealthyHostCount', 'TargetResponseTime']) {
      const watched = watchedMetrics(`AWS/ApplicationELB ${name}`);
      expect(watched.map(({ stack, dimensions }) => text([stack, dimensions['TargetGroup']])).sort()).toEqual(
        groups.toSorted(),
      );
    }
  });

  test('each load balancer has an alarm on its own errors', () => {
    const watched = watchedMetrics('AWS/ApplicationELB HTTPCode_ELB_5XX_Count');
    expect(watched.map(({ stack, dimensions }) => text([stack, dimensions['LoadBalancer']]))).toEqual(
      ofType('AWS::ElasticLoadBalancingV2::LoadBalancer').map(([stack, id]) =>
        text([stack, { 'Fn::GetAtt': [id, 'LoadBalancerFullName'] }]),
      ),
    );
  });

  test('each ECS service has alarms on its number of tasks and on its load, with its name and cluster as dimensions', () => {
    const services = ofType('AWS::ECS::Service').map(([stack, id, { Properties }]) =>
      text([stack, { ClusterName: Properties?.['Cluster'], ServiceName: { 'Fn::GetAtt': [id, 'Name'] } }]),
    );
    // Without Container Insights, nothing reports numbers of tasks.
    const insights = observesFully(config) ? 1 : 0;
    for (const [name, times] of [
      ['ECS/ContainerInsights RunningTaskCount', insights],
      ['ECS/ContainerInsights DesiredTaskCount', 2 * insights],
      ['AWS/ECS CPUUtilization', 1],
      ['AWS/ECS MemoryUtilization', insights],
    ] as const) {
      const watched = watchedMetrics(name).map(({ stack, dimensions }) => text([stack, dimensions]));
      expect(watched.sort()).toEqual(
        Array.from({ length: times }, () => services)
          .flat()
          .sort(),
      );
    }
  });

  test('no alarm watches Container Insights of a cluster that has none', () => {
    const settings = ofType('AWS::ECS::Cluster').map(([, , { Properties }]) => Properties?.['ClusterSettings']);
    const Value = observesFully(config) ? 'enhanced' : 'disabled';
    expect(settings).toEqual(settings.map(() => [{ Name: 'containerInsights', Value }]));
  });

  test('each deployment of a service rolls back on the alarms of its own target groups', () => {
    for (const [stack, , { Properties }] of ofType('AWS::ECS::Service')) {
      const groups = refsOf(Properties?.['LoadBalancers'])
        .filter((id) => id?.includes('TargetGroup'))
        .map((id) => text({ 'Fn::GetAtt': [id, 'TargetGroupFullName'] }));
      const configuration = Properties?.['DeploymentConfiguration'];
      expect(configuration).toMatchObject({ Alarms: { Enable: true, Rollback: true } });
      const watched = refsOf(configuration).map((ref) => {
        const [, , alarm] = alarms.find(([name, each]) => name === stack && each === ref) ?? [];
        const metrics = alarm ? metricsOf(alarm) : [];
        expect(new Set(metrics.map(({ dimensions }) => text(dimensions['TargetGroup'])))).toEqual(new Set(groups));
        return metrics.at(-1)?.name.split(' ')[1];
      });
      expect(watched).toEqual(['RequestCount', 'UnHealthyHostCount', 'TargetResponseTime']);
    }
  });

  test('several services of a stack share one composite alarm, and a single one has none', () => {
    const stacks = ofType('AWS::ECS::Service').map(([name]) => name);
    for (const stack of new Set(stacks)) {
      const services = stacks.filter((name) => name === stack);
      const composites = ofType('AWS::CloudWatch::CompositeAlarm').filter(
        ([name, id]) => name === stack && id.startsWith('LoadBalancerAlarms'),
      );
      expect(composites).toHaveLength(services.length > 1 ? 1 : 0);
      for (const [, , { Properties }] of composites) {
        const children = [...text(Properties?.['AlarmRule']).matchAll(/"Fn::GetAtt":\["(\w+)","Arn"\]/g)];
        expect(children).toHaveLength(services.length);
        for (const [, id] of children) expect(id).toContain('NoHealthyTarget');
      }
    }
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
});

test('an environment without alarms has none, and its services roll back on none', () => {
  const config = { ...fixtureOf('lasting', { capacity: 'both' }), alarms: false } as const;
  for (const stack of ['Containers', 'Kubernetes']) {
    const template = synthesized(config)[stack];
    template?.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    template?.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
    // An empty list, because an update that leaves the alarms out may keep them.
    expect(text(template?.toJSON())).not.toMatch(/"AlarmNames":\[[^\]]/);
  }
});

test.each([
  ['one service', fixtureOf('lasting'), ['NoHealthyTarget', 'ServerErrors']],
  [
    'a service on both kinds of capacity',
    fixtureOf('lasting', { capacity: 'both' }),
    ['NoHealthyTargets', 'ServerErrors'],
  ],
  ['alarms switched off', { ...fixtureOf('lasting'), alarms: false } as const, []],
])('with %s, a stack has two alarms at most that mean that users are affected', (_, config, expected) => {
  const { Containers, Kubernetes } = stacksOf(stageOf(config));
  if (!(Containers instanceof ContainersStack && Kubernetes instanceof KubernetesStack))
    throw new Error('No such stacks.');
  expect(Containers.affecting.map(({ node }) => node.id)).toEqual(expected);
  expect(Kubernetes.affecting.map(({ node }) => node.id)).toEqual(expected.length > 0 ? ['NoHealthyTarget'] : []);
});

test('a service can have another bound of latency, for its alarm and for a rollback', () => {
  const trial = fixtureOf('trial');
  const templates = synthesized(withFurther(trial, [service('reports', 110, { latencySeconds: 0.5 })]));
  const bounds = Object.entries(templates['Containers']?.findResources('AWS::CloudWatch::Alarm') ?? {}).flatMap(
    ([id, { Properties }]) => (id.includes('AlarmsLatency') ? [[id.split('Alarms')[0], Properties.Threshold]] : []),
  );
  expect(bounds).toEqual([
    ['Fargate', 2],
    ['ReportsFargate', 0.5],
  ]);
});
