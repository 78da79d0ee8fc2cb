/**
 * An app with one stack: a function in private subnets, with provisioned concurrency, behind a REST API with a cache. The
 * function reaches nothing outside its VPC (egress `none`), because it computes prices.
 *
 *     npx cdk synth --app "npx tsx examples/first-stack.ts"
 */
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { ApiAccount } from '../lib/constructs/api-account';
import { CachedRestApi } from '../lib/constructs/cached-rest-api';
import { Network } from '../lib/constructs/network';
import { PrivateFunction } from '../lib/constructs/private-function';
import { FunctionBundles } from '../lib/sources';

const app = new App();
export const stack = new Stack(app, 'FirstStack', { env: { region: 'us-east-1' } });
const account = new ApiAccount(stack, 'ApiAccount').ready;
const code = new FunctionBundles().code('lambda/quotes/index.ts');

// README.md and README.ja.md show the lines from here to the route.
const network = new Network(stack, 'Network', {
  cidr: '10.0.0.0/16',
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  egress: { mode: 'none' }, // none | nat | nat-instance | endpoints
});
const quotes = new PrivateFunction(stack, 'Quotes', {
  vpc: network.vpc,
  code,
  memorySize: 512,
  timeout: Duration.seconds(5),
  provisionedConcurrency: { min: 1, max: 4 },
});
const throttle = { rate: 50, burst: 100 };
const api = new CachedRestApi(stack, 'Api', { cache: { sizeGb: '0.5' }, throttle, account });
const route = { path: '/quotes/{symbol}', query: ['at'], cacheTtl: Duration.seconds(5) };
api.addFunctionRoute({ ...route, handler: quotes.live });

new CfnOutput(stack, 'Url', { value: api.url, description: 'Base URL of the REST API' });
