import type { APIGatewayProxyResult } from 'aws-lambda';
import type { ApiEvent } from '../../../lambda/quotes/request';
import { requestOf } from '../../../lambda/quotes/request';
import { router } from '../../../lambda/quotes/router';
import { handlers } from '../../../lambda/quotes/routes';
import { UpstreamError } from '../../../lambda/quotes/upstream';

type Query = readonly (readonly [name: string, value: string])[];
type Answer = Pick<APIGatewayProxyResult, 'statusCode' | 'body'>;

const AT = 1_767_225_600;
const dispatch = router(
  handlers(async (symbol, days) => {
    if (symbol === 'DOWN') throw new UpstreamError(502, 'the container service did not answer: ECONNREFUSED');
    if (symbol === 'BUSY') throw new UpstreamError(503, 'too many histories are waiting; try again in 2 s', '2');
    return { to: '2026-01-01', mean: symbol.length, volatility: 0.2, high: days, low: 1 };
  }),
);

/**
 * An event in the format of a REST API: the path has no stage, the symbol is not decoded, and of repeated parameters only
 * the last remains.
 */
function rest(method: string, template: string, symbol: string, query: Query): ApiEvent {
  return {
    httpMethod: method,
    resource: template,
    path: template.replace('{symbol}', symbol),
    pathParameters: { symbol },
    queryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
  };
}

/** An event in the format of an HTTP API: `rawPath` has the stage, all but `%25` is decoded, and the query is not decoded. */
function http(method: string, template: string, symbol: string, query: Query): ApiEvent {
  const decoded = symbol.replace(/(%(?!25)[0-9a-f]{2})+/gi, decodeURIComponent);
  return {
    routeKey: `${method} ${template}`,
    rawPath: `/v1${template.replace('{symbol}', decoded)}`,
    rawQueryString: query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
    pathParameters: { symbol: decoded },
    requestContext: { http: { method } },
  };
}

async function answer(event: ApiEvent): Promise<Answer> {
  const { status, body } = await dispatch(requestOf(event));
  return { statusCode: status, body: JSON.stringify(body) };
}

const QUOTES = '/quotes/{symbol}';
const ANALYSIS = '/analysis/{symbol}';

const twice = (name: string, first: string, second: string): Query => [
  [name, first],
  [name, second],
];

const REQUESTS: readonly [status: number, template: string, symbol: string, query: Query][] = [
  [200, QUOTES, 'KUMI', []],
  [200, QUOTES, 'KUMI', [['at', String(AT)]]],
  [200, QUOTES, 'BRK.B', [['at', '0']]],
  [200, QUOTES, 'BRK%2EB', []],
  [200, QUOTES, 'KUMI', [['unknown', 'x']]],
  [400, QUOTES, 'kumi', []],
  [400, QUOTES, 'TOOLONGASYMBOL', []],
  [400, QUOTES, '..%2Fetc', []],
  [400, QUOTES, '..', []],
  [400, QUOTES, '%25', []],
  [400, QUOTES, 'KUMI%00', []],
  [400, QUOTES, '%E7%B5%84', []],
  [400, QUOTES, 'KUMI', [['at', 'soon']]],
  [400, QUOTES, 'KUMI', [['at', '']]],
  [400, QUOTES, 'KUMI', [['at', '-1']]],
  [400, QUOTES, 'KUMI', [['at', '1,2']]],
  [200, QUOTES, 'KUMI', twice('at', 'soon', '2')],
  [400, QUOTES, 'KUMI', twice('at', '2', 'soon')],
  [400, QUOTES, 'KUMI', twice('at', '2', '')],
  [200, ANALYSIS, 'KUMI', []],
  [200, ANALYSIS, 'KUMI', [['days', '3650']]],
  [400, ANALYSIS, 'kumi', [['days', '30']]],
  [400, ANALYSIS, 'KUMI', [['days', '0']]],
  [400, ANALYSIS, 'KUMI', [['days', 'abc']]],
  [400, ANALYSIS, 'KUMI', [['days', '3651']]],
  [200, ANALYSIS, 'KUMI', twice('days', '3651', '30')],
  [502, ANALYSIS, 'DOWN', []],
  [503, ANALYSIS, 'BUSY', []],
];

beforeAll(() => {
  // The time stands still, so that both APIs answer with the price of the same second.
  jest.spyOn(Date, 'now').mockReturnValue(AT * 1_000);
});

afterAll(() => {
  jest.restoreAllMocks();
});

test.each(REQUESTS)(
  'the status is %s for GET %s of %j with %j, whichever API sends the request',
  async (status, template, symbol, query) => {
    const [overRest, overHttp] = await Promise.all([
      answer(rest('GET', template, symbol, query)),
      answer(http('GET', template, symbol, query)),
    ]);
    expect(overRest.statusCode).toBe(status);
    expect(overHttp).toEqual(overRest);
  },
);
