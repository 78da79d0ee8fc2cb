import { httpApiUrl, restApiUrl } from '../../tour/address';

const api = { restApiId: 'abc123', stageName: 'v1', url: 'https://abc123.execute-api.eu-west-1.amazonaws.com/v1/' };

test('a REST API is at the URL of its stage on AWS', () => {
  expect(restApiUrl(api, undefined)).toBe('https://abc123.execute-api.eu-west-1.amazonaws.com/v1');
});

test.each(['http://127.0.0.1:4566', 'http://127.0.0.1:4566/'])(
  'a REST API is below the endpoint %s on this machine',
  (endpoint) => {
    expect(restApiUrl(api, endpoint)).toBe('http://127.0.0.1:4566/restapis/abc123/v1/_user_request_');
  },
);

test('an HTTP API is at its URL on AWS, and below the endpoint on this machine', () => {
  const { restApiId: httpApiId, ...rest } = api;
  expect(httpApiUrl({ httpApiId, ...rest }, undefined)).toBe(api.url.slice(0, -1));
  expect(httpApiUrl({ httpApiId, ...rest }, 'http://127.0.0.1:4566/')).toBe(
    'http://127.0.0.1:4566/_aws/execute-api/abc123/v1',
  );
});
