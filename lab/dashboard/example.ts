import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { EnvironmentConfig } from '../../lib/environment-config';
import { ReferenceStage } from '../../lib/reference-stage';
import { root } from '../kit/folders';

/** An environment with every part, apart from lib/environments.ts, so that an edit there changes no picture. */
const example: EnvironmentConfig = {
  id: 'example',
  region: 'us-east-1',
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  disposable: true,
  logRetentionDays: 7,
  terminationProtection: false,
  network: { create: { cidr: '10.0.0.0/16', egress: { mode: 'nat' } } },
  capacity: { fargate: { weight: 3 }, ec2: { weight: 1, instanceTypes: ['t4g.small'], maxInstances: 8 } },
  services: [
    {
      name: 'history',
      image: { from: 'digest', digest: `sha256:${'0'.repeat(64)}` },
      priority: 100,
      minTasks: 2,
      maxTasks: 8,
      cpu: 256,
      memoryMiB: 512,
    },
  ],
  loadBalancer: {},
  function: { memoryMiB: 512, logLevel: 'INFO', provisionedConcurrency: { min: 2, max: 10 } },
  restApi: {
    cache: { quoteTtlSeconds: 5, historyTtlSeconds: 60 },
    throttle: { rate: 50, burst: 100 },
    ownsApiAccount: true,
  },
  httpApi: { throttle: { rate: 50, burst: 100 } },
  kubernetes: {
    observability: true,
    nodes: { instanceTypes: ['t4g.large'], minNodes: 2, maxNodes: 6 },
    service: { minPods: 2, maxPods: 20, cpuMillis: 250, memoryMiB: 256, targetCpuPercent: 70 },
  },
  webSocketApi: {
    maxSymbols: 20,
    messagesPerSecond: 10,
    throttle: { rate: 50, burst: 100 },
    ticker: { everySeconds: 5, scheduled: true },
  },
};

/** The template of the stack with the dashboard of an environment with every part. */
export function exampleTemplate(): ReturnType<Template['toJSON']> {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const code = lambda.Code.fromInline('exports.handler = async () => {};');
  const stage = new ReferenceStage(new App({ context, analyticsReporting: false, treeMetadata: false }), example.id, {
    config: example,
    quotesCode: code,
    sessionsCode: code,
    tickerCode: code,
    containerDirectory: () => {
      throw new Error('The example runs an image by digest.');
    },
  });
  const stack = stage.node.children.filter(Stack.isStack).find(({ node }) => node.id === 'Dashboard');
  if (stack === undefined) throw new Error('The stage has no stack Dashboard. Switch the dashboard of the example on.');
  return Template.fromStack(stack).toJSON();
}
