import { Template } from 'aws-cdk-lib/assertions';
import { environmentOf } from '../../../lib/context';
import { fixtures } from '../../../test/support/fixture';
import { resourcesOf, stageOf, templatesOf } from '../../../test/support/stage';
import { localOf } from '../../kit/local-environment';
import { useEndpoint } from '../../local/endpoint-addresses';

const ENDPOINT = 'http://127.0.0.1:4566';
const stage = stageOf(environmentOf({}, { local: localOf(fixtures.trial) }));
useEndpoint(stage, ENDPOINT);
const templates = templatesOf(stage);

const ofType = (type: string) =>
  resourcesOf(templates).flatMap(([, , { Type, Properties }]) => (Type === type ? [JSON.stringify(Properties)] : []));

test('every integration of a load balancer goes to its path below the endpoint, not over a VPC link', () => {
  const overHttp = ofType('AWS::ApiGatewayV2::Integration').filter((text) => text.includes('HTTP_PROXY'));
  const rest = ofType('AWS::ApiGateway::Method').filter((text) => text.includes('HTTP_PROXY'));
  expect([overHttp.length, rest.length]).toEqual([2, 2]);
  for (const text of [...overHttp, ...rest]) expect(text).toContain(`"${ENDPOINT}/_alb/"`);
  for (const text of overHttp) expect(text).not.toMatch(/VPC_LINK|ConnectionId|Listener/);
});

test('the function and the ticker find the other parts below the endpoint', () => {
  const functions = ofType('AWS::Lambda::Function');
  const [history = ''] = functions.filter((text) => text.includes('HISTORY_URL'));
  expect(history).toContain(`"HISTORY_URL":{"Fn::Join":["",["${ENDPOINT}/_alb/",`);
  const [ticker = ''] = functions.filter((text) => text.includes('CALLBACK_URL'));
  expect(ticker).toContain(`"CALLBACK_URL":{"Fn::Join":["",["${ENDPOINT}/_aws/execute-api/",`);
});

test('no stack reads the DNS name of the load balancer, which resolves to nothing', () => {
  expect(
    Object.values(templates)
      .map((template: Template) => JSON.stringify(template))
      .join(),
  ).not.toContain('DNSName');
});
