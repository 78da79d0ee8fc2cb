import * as emulator from '../kit/emulator-urls';

/** Stack outputs from which the address of the REST API is built. */
export interface RestApiAddress {
  readonly restApiId: string;
  readonly stageName: string;
  /** Base URL of the stack output, with the stage. */
  readonly url: string;
}

/** Stack outputs from which the address of the HTTP API is built. */
export interface HttpApiAddress {
  readonly httpApiId: string;
  readonly stageName: string;
  readonly url: string;
}

/** Address of the REST API, without a slash at the end: its URL on AWS, or a path below a local endpoint. */
export function restApiUrl(api: RestApiAddress, endpoint: string | undefined): string {
  return endpoint === undefined ? withoutSlash(api.url) : emulator.restApiUrl(endpoint, api.restApiId, api.stageName);
}

/** Address of the HTTP API, without a slash at the end. */
export function httpApiUrl(api: HttpApiAddress, endpoint: string | undefined): string {
  return endpoint === undefined ? withoutSlash(api.url) : emulator.httpApiUrl(endpoint, api.httpApiId, api.stageName);
}

export interface WebSocketApiAddress {
  readonly webSocketApiId: string;
  /** URL of the stack output, with the stage. */
  readonly url: string;
}

/** Address of the WebSocket API: its URL on AWS, or a path below a local endpoint. */
export function webSocketUrl(api: WebSocketApiAddress, endpoint: string | undefined): string {
  if (endpoint === undefined) return withoutSlash(api.url);
  const stageName = withoutSlash(api.url).split('/').at(-1) ?? '';
  return emulator.webSocketUrl(endpoint, api.webSocketApiId, stageName);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
