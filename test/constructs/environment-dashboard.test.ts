import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  DashboardService,
  EnvironmentDashboard,
  EnvironmentDashboardProps,
} from '../../lib/constructs/environment-dashboard';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly states?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: { readonly horizontal: readonly { readonly label: string; readonly value: number }[] };
  };
}

/** The widgets of a dashboard, where references have become a word. */
function synthesize(propsOf: (stack: Stack) => EnvironmentDashboardProps): readonly Widget[] {
  const stack = new Stack(new App(), 'Shop', { env: { region: 'us-east-1' } });
  new EnvironmentDashboard(stack, 'Dashboard', propsOf(stack));
  const [dashboard] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
  const body = dashboard?.['Properties'].DashboardBody;
  const parts: unknown[] = typeof body === 'string' ? [body] : body['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'reference')).join('')).widgets;
}

const titles = (widgets: readonly Widget[]) => widgets.flatMap(({ properties: { title } }) => title ?? []);
const graph = (widgets: readonly Widget[], title: string) => {
  const found = widgets.find(({ properties }) => properties.title === title);
  if (found === undefined) throw new Error(`No graph is called ${title}, but ${titles(widgets).join(', ')}.`);
  return found.properties;
};
const labels = (widgets: readonly Widget[], title: string) =>
  graph(widgets, title).metrics?.map((metric) => Object(metric.at(-1)).label);
const bounds = (widgets: readonly Widget[], title: string) =>
  graph(widgets, title).annotations?.horizontal.map(({ label, value }) => `${label} ${value}`);

function functionOf(stack: Stack, id = 'Function') {
  return new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {};'),
  });
}

function loadBalancerOf(stack: Stack) {
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  return new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc });
}

/** Services in seven clusters behind two load balancers. */
function servicesOf(count: number, insights = true): DashboardService[] {
  return Array.from({ length: count }, (_, index) => {
    const cluster = { clusterName: `cluster-${index % 7}` };
    const utilization = (metricName: string) => (options?: cloudwatch.MetricOptions) =>
      new cloudwatch.Metric({
        namespace: 'AWS/ECS',
        metricName,
        dimensionsMap: { ClusterName: cluster.clusterName, ServiceName: `service-${index}` },
        ...options,
      });
    return {
      label: `service-${index}`,
      service: {
        serviceName: `service-${index}`,
        metricCpuUtilization: utilization('CPUUtilization'),
        metricMemoryUtilization: utilization('MemoryUtilization'),
      },
      cluster,
      insights,
      targetGroup: { targetGroupFullName: `targetgroup/${index}` },
      loadBalancer: { loadBalancerFullName: `app/${index % 2}` },
      minTasks: 1,
      maxTasks: 4 + index,
    };
  });
}

const httpApi = (stack: Stack) => {
  const api = new apigatewayv2.HttpApi(stack, 'HttpApi', { createDefaultStage: false });
  return { label: 'HTTP', stage: api.addStage('v1', { stageName: 'v1' }) };
};

test('a dashboard without parts is empty', () => {
  expect(synthesize(() => ({}))).toEqual([]);
});

test('a part alone has its golden signals, one graph each, as wide as the grid', () => {
  const widgets = synthesize((stack) => ({ apis: [httpApi(stack)] }));
  expect(titles(widgets)).toEqual([
    'HTTP API: traffic per minute',
    'HTTP API: errors per minute',
    'HTTP API: latency, ms',
  ]);
  expect(widgets.map(({ width }) => width)).toEqual([24, 24, 24, 24]);
  expect(labels(widgets, 'HTTP API: latency, ms')).toEqual(['HTTP p99', 'HTTP p50']);
});

test('the parts of a request are columns from left to right', () => {
  const widgets = synthesize((stack) => ({
    apis: [httpApi(stack)],
    function: { handler: functionOf(stack) },
    loadBalancers: [loadBalancerOf(stack)],
    services: servicesOf(1),
  }));
  const signals = ['HTTP API', 'Function', 'Load balancer', 'Services'];
  const row = (signal: string) =>
    widgets.filter(
      ({ properties: { title = '' } }) =>
        title.includes(`: ${signal}`) && signals.some((part) => title.startsWith(part)),
    );
  for (const signal of ['traffic', 'errors', 'latency']) {
    expect(row(signal).map(({ properties }) => properties.title?.split(':')[0])).toEqual(signals);
    expect(row(signal).map(({ x }) => x)).toEqual([0, 6, 12, 18]);
  }
});

test('sessions are a section of their own, with the columns API, function, table and ticker', () => {
  const widgets = synthesize((stack) => ({
    sessions: {
      stage: new apigatewayv2.WebSocketStage(stack, 'Stage', {
        webSocketApi: new apigatewayv2.WebSocketApi(stack, 'Api'),
        stageName: 'v1',
      }),
      handler: functionOf(stack),
      table: dynamodb.Table.fromTableName(stack, 'Table', 'sessions'),
      ticker: functionOf(stack, 'Ticker'),
    },
  }));
  expect(titles(widgets).filter((title) => title.endsWith('traffic per minute'))).toEqual(
    ['WebSocket API', 'Sessions function', 'Table', 'Ticker'].map((title) => `${title}: traffic per minute`),
  );
});

test('alarms come first: those that mean affected users in every state, the others while they are in ALARM', () => {
  const widgets = synthesize((stack) => {
    const alarm = (name: string) => cloudwatch.Alarm.fromAlarmName(stack, name, name);
    return { introduction: '# Shop', affecting: [alarm('Users')], alarms: [alarm('Cpu'), alarm('Disk')] };
  });
  expect(widgets.map(({ type }) => type)).toEqual(['text', 'alarm', 'alarm']);
  expect(widgets.map(({ properties: { alarms = [] } }) => alarms.length)).toEqual([0, 1, 2]);
  expect(widgets.map(({ properties: { states } }) => states)).toEqual([undefined, undefined, ['ALARM']]);
});

test('more alarms than a widget may hold are left out', () => {
  const alarms = (count: number) =>
    synthesize((stack) => ({
      alarms: Array.from({ length: count }, (_, index) =>
        cloudwatch.Alarm.fromAlarmName(stack, `A${index}`, `a${index}`),
      ),
    }));
  expect(alarms(100)[0]?.properties.alarms).toHaveLength(100);
  expect(alarms(101)).toEqual([]);
});

test('capacity has its bounds as lines', () => {
  const widgets = synthesize((stack) => ({
    function: { handler: functionOf(stack), provisioned: { min: 2, max: 20 } },
    services: servicesOf(1),
    instances: [{ cluster: { clusterName: 'ec2' }, max: 5 }],
    pods: {
      label: 'pods',
      targetGroup: { targetGroupFullName: 'targetgroup/pods' },
      loadBalancer: { loadBalancerFullName: 'app/0' },
      clusterName: 'shop',
      minNodes: 2,
      maxNodes: 8,
      watched: { namespace: 'shop', deployment: 'web', minPods: 3, maxPods: 60 },
    },
  }));
  expect(bounds(widgets, 'Function: concurrent executions')).toEqual(['provisioned max 20', 'provisioned min 2']);
  expect(bounds(widgets, 'Tasks: running and desired')).toEqual(['max 4', 'min 1']);
  expect(bounds(widgets, 'EC2 instances of tasks')).toEqual(['max 5']);
  expect(bounds(widgets, 'Nodes behind the load balancer')).toEqual(['max 8', 'min 2']);
  expect(bounds(widgets, 'Pods: ready, desired and waiting')).toEqual(['max 60', 'min 3']);
});

test('two services with other bounds have a pair each, and more services have none', () => {
  const boundsOf = (count: number) =>
    bounds(
      synthesize(() => ({ services: servicesOf(count) })),
      'Tasks: running and desired',
    );
  expect(boundsOf(2)).toEqual(['service-0 max 4', 'service-0 min 1', 'service-1 max 5', 'service-1 min 1']);
  expect(boundsOf(3)).toBeUndefined();
});

test('a function without provisioned concurrency has no bounds, and no metrics of provisioned concurrency', () => {
  const widgets = synthesize((stack) => ({ function: { handler: functionOf(stack) } }));
  expect(labels(widgets, 'Function: concurrent executions')).toEqual(['concurrent']);
  expect(bounds(widgets, 'Function: concurrent executions')).toBeUndefined();
});

test('without Container Insights, healthy targets are counted instead of tasks', () => {
  const widgets = synthesize(() => ({ services: servicesOf(1, false) }));
  expect(labels(widgets, 'Tasks: healthy')).toEqual(['service-0 healthy']);
});

test.each([true, false])('two target groups of a service have a line each, with Container Insights: %p', (insights) => {
  const alternateTargetGroup = { targetGroupFullName: 'targetgroup/second' };
  const widgets = synthesize(() => ({
    services: servicesOf(1, insights).map((each) => ({ ...each, alternateTargetGroup })),
  }));
  const groupsIn = (title: string) =>
    graph(widgets, title).metrics?.map((metric) => [
      Object(metric.at(-1)).label,
      metric[metric.indexOf('TargetGroup') + 1],
    ]);
  const [{ targetGroup }] = servicesOf(1) as [DashboardService];
  expect(groupsIn('Services: latency, s')).toEqual([
    ['service-0', targetGroup.targetGroupFullName],
    ['service-0 2', 'targetgroup/second'],
  ]);
  if (insights) return;
  expect(groupsIn('Tasks: healthy')).toEqual([
    ['service-0 healthy', targetGroup.targetGroupFullName],
    ['service-0 2 healthy', 'targetgroup/second'],
  ]);
});

test('pods without an agent are counted only while they wait, and are no tasks', () => {
  const pods = {
    label: 'pods',
    targetGroup: { targetGroupFullName: 'targetgroup/pods' },
    loadBalancer: { loadBalancerFullName: 'app/0' },
    clusterName: 'shop',
    minNodes: 2,
    maxNodes: 8,
  };
  const widgets = synthesize(() => ({ pods }));
  expect(labels(widgets, 'Pods that wait for a node')).toEqual(['waiting']);
  expect(titles(widgets).filter((title) => title.startsWith('Tasks'))).toEqual([]);
});

test('up to six services have a line each', () => {
  const widgets = synthesize(() => ({ services: servicesOf(6) }));
  expect(labels(widgets, 'Services: traffic per minute')).toHaveLength(6);
  expect(labels(widgets, 'Tasks: running and desired')).toHaveLength(12);
});

test('of more services, a search finds those with the highest values, over all their clusters', () => {
  const widgets = synthesize(() => ({ services: servicesOf(7) }));
  expect(graph(widgets, 'Services: latency, s').metrics).toEqual([
    [
      {
        expression: `SORT(SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName="TargetResponseTime" (LoadBalancer="app/0" OR LoadBalancer="app/1")', 'p99'), MAX, DESC, 10)`,
        period: 60,
      },
    ],
  ]);
  const expressions = graph(widgets, 'Tasks: running').metrics?.map((metric) => Object(metric[0]).expression);
  expect(expressions?.map((text) => [...text.matchAll(/ClusterName="/g)].length)).toEqual([5, 2]);
});

test('the costs are those of the parts: NAT gateway, logs, paid cache, load balancer', () => {
  const widgets = synthesize((stack) => {
    const api = new apigateway.RestApi(stack, 'RestApi');
    api.root.addMethod('GET');
    return {
      apis: [{ label: 'REST', stage: api.deploymentStage, cached: true }],
      loadBalancers: [loadBalancerOf(stack)],
      natGatewayIds: ['nat-1', 'nat-2'],
      logGroups: 'LogGroupName=Shop',
    };
  });
  expect(labels(widgets, 'NAT gateway: bytes in 5 min')).toEqual([
    'to the internet 1',
    'to the internet 2',
    'from the internet 1',
    'from the internet 2',
  ]);
  expect(Object(graph(widgets, 'Logs: bytes in 5 min, top 10').metrics?.[0]?.[0]).expression).toBe(
    `SORT(SEARCH('{AWS/Logs,LogGroupName} MetricName="IncomingBytes" (LogGroupName=Shop)', 'Sum'), MAX, DESC, 10)`,
  );
  expect(labels(widgets, 'Cache: hits and misses')).toEqual(['hits', 'misses']);
  expect(labels(widgets, 'Load balancer: LCUs')).toEqual(['consumed LCUs']);
});
