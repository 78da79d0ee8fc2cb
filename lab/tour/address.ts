import * as emulator from '../kit/emulator-urls';

/** What an address is made of, all of it from stack outputs. */
export interface RestApiAddress {
  readonly restApiId: string;
  readonly stageName: string;
  /** Base URL as CloudFormation gives it, with the stage. */
  readonly url: string;
}

/** The same of an HTTP API. */
export interface HttpApiAddress {
  readonly httpApiId: string;
  readonly stageName: string;
  readonly url: string;
}

/** Where the REST API answers, without a slash at the end: its URL on AWS, or a path below a local endpoint. */
export function restApiUrl(api: RestApiAddress, endpoint: string | undefined): string {
  return endpoint === undefined ? withoutSlash(api.url) : emulator.restApiUrl(endpoint, api.restApiId, api.stageName);
}

/** Where the HTTP API answers, likewise. */
export function httpApiUrl(api: HttpApiAddress, endpoint: string | undefined): string {
  return endpoint === undefined ? withoutSlash(api.url) : emulator.httpApiUrl(endpoint, api.httpApiId, api.stageName);
}

export interface WebSocketApiAddress {
  readonly webSocketApiId: string;
  /** URL as CloudFormation gives it, with the stage. */
  readonly url: string;
}

/** Where the WebSocket API answers: its URL, or the path of the stage below a local endpoint. */
export function webSocketUrl(api: WebSocketApiAddress, endpoint: string | undefined): string {
  if (endpoint === undefined) return withoutSlash(api.url);
  const stageName = withoutSlash(api.url).split('/').at(-1) ?? '';
  return emulator.webSocketUrl(endpoint, api.webSocketApiId, stageName);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
