import { Failure, languageOf, type Text, textOf, type Words } from './language';
import { messages } from './messages';

const NO_CREDENTIALS = /CredentialsProviderError/;
// EC2 has a code of its own, RequestExpired.
const EXPIRED = /ExpiredToken|TokenRefreshRequired|RequestExpired/;
const NOT_ACCEPTED = /UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|BandwidthLimitExceeded|SlowDown/;
const NOT_REACHED =
  /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;
/** The connection ended before the answer, so the next attempt may succeed. */
const DROPPED = /ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET/;
/** The words of the SDK for an answer without an error code. */
const NO_CODE = /^Unknown(Error)?$/;
/** The words of the SDK for an answer in another form than that of the service, such as the page of a proxy. */
const OTHER_FORM = /Deserialization error/;

/** Tells whether AWS accepts the credentials but denies the action. EC2 has an error code of its own for this. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|UnauthorizedOperation/.test(error.name);
}

/** The IAM action that AWS's message names as not allowed; undefined where it names none. */
export function deniedIn(error: unknown): string | undefined {
  return error instanceof Error ? /not authorized to perform: ([\w-]+:\w+)/.exec(error.message)?.[1] : undefined;
}

/** Tells whether every request would fail for the same reason: AWS rejects the credentials or cannot be reached. */
export function concernsAll(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error) ?? codeOf(error.cause);
  return (
    [NO_CREDENTIALS, EXPIRED, NOT_ACCEPTED].some((names) => names.test(error.name)) ||
    endpointOf(error) !== undefined ||
    (code !== undefined && NOT_REACHED.test(code))
  );
}

/**
 * One line that says what to do about an error of a request to AWS. AWS's own words stay in English.
 *
 * @param flag of the command for the region. @default --region
 */
export function explain(error: unknown, environmentId: string, region: string, flag = '--region'): Text {
  if (!(error instanceof Error) || error instanceof Failure) return textOf(error);
  const { name, message: reason } = error;
  const stack = /Stack with id (\S+) does not exist/.exec(reason)?.[1];
  if (stack !== undefined) {
    return messages.notDeployed({ stack, region, context: `-c environment=${environmentId}`, flag });
  }
  const endpoint = endpointOf(error);
  if (endpoint !== undefined) return messages.badEndpoint({ endpoint });
  if (NO_CREDENTIALS.test(name)) {
    const profile = process.env.AWS_PROFILE ?? '';
    return profile === '' ? messages.noCredentials : messages.noCredentialsOfProfile({ profile });
  }
  if (EXPIRED.test(name)) return messages.expired;
  if (NOT_ACCEPTED.test(name)) return messages.notAccepted({ region, reason });
  if (isDenied(error)) return messages.denied({ reason });
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && NOT_REACHED.test(code)) {
    return messages.notReached({ where: whereOf(region), code });
  }
  const status = statusOf(error);
  const service = serviceOf(error);
  const where = service === undefined ? whereOf(region) : messages.service({ service, where: whereOf(region) });
  if (THROTTLED.test(name)) return messages.throttled({ where, reason: withoutStop(reason) });
  if (code !== undefined && DROPPED.test(code)) return messages.dropped({ where: whereOf(region), code });
  // An emulator answers 501 where it has no such API.
  if (NO_CODE.test(reason) && (status === '501' || !isOfServer(status))) {
    return messages.unknownAnswer({ where: whereOf(region), status });
  }
  if (isOfServer(status)) {
    const without = NO_CODE.test(reason) || OTHER_FORM.test(reason);
    return messages.serverError({ where, answer: `HTTP ${status}${without ? '' : `, ${withoutStop(reason)}`}` });
  }
  if (OTHER_FORM.test(reason)) return messages.otherForm({ where: whereOf(region), status });
  return textOf(error);
}

/** AWS, or the endpoint that takes its place. */
function whereOf(region: string): Words {
  return process.env.AWS_ENDPOINT_URL ?? messages.awsIn({ region });
}

function isOfServer(status: string): boolean {
  return status.startsWith('5');
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

/** The service that answered, from the class that its client gives to errors, such as `CloudFormationServiceException`. */
function serviceOf(error: Error): string | undefined {
  for (let each: unknown = Object.getPrototypeOf(error); each instanceof Object; each = Object.getPrototypeOf(each)) {
    const [, service] = /^(\w+)ServiceException$/.exec(each.constructor.name) ?? [];
    if (service !== undefined) return service === 'APIGateway' ? 'API Gateway' : service;
  }
  return undefined;
}

/** The value of AWS_ENDPOINT_URL, if it is no address, which makes every request fail; undefined otherwise. */
function endpointOf(error: Error): string | undefined {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (endpoint === undefined || endpoint === '' || error instanceof Failure) return undefined;
  return /^https?:\/\/./.test(endpoint) && codeOf(error) !== 'ERR_INVALID_URL' ? undefined : endpoint;
}

function statusOf(error: Error): string {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return '?';
  return 'httpStatusCode' in error.$metadata ? String(error.$metadata.httpStatusCode) : '?';
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** The error with the line of `explain`, for a command that ends with it. */
export function explained(...[error, ...target]: Parameters<typeof explain>): Failure {
  return new Failure(explain(error, ...target), { cause: error });
}

/** Prints an error that nothing handled, and ends the process. Prints one line; with DEBUG=1 the whole error. */
export function fail(error: unknown, line = textOf(error)): never {
  console.error(process.env.DEBUG ? error : line[languageOf()]);
  process.exit(1);
}
