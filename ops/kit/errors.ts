import { Failure, languageOf, type Text, textOf, type Words } from './language';
import { messages } from './messages';

const NO_CREDENTIALS = /CredentialsProviderError/;
// EC2 has a code of its own, RequestExpired.
const EXPIRED = /ExpiredToken|TokenRefreshRequired|RequestExpired/;
const NOT_ACCEPTED = /UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure/;
const NOT_REACHED = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/;

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
    (code !== undefined && NOT_REACHED.test(code))
  );
}

/** One line that says what to do about an error of a request to AWS. AWS's own words stay in English. */
export function explain(error: unknown, environmentId: string, region: string): Text {
  if (!(error instanceof Error) || error instanceof Failure) return textOf(error);
  const { name, message: reason } = error;
  const stack = /Stack with id (\S+) does not exist/.exec(reason)?.[1];
  if (stack !== undefined) {
    return messages.notDeployed({ stack, region, context: `-c environment=${environmentId}` });
  }
  if (NO_CREDENTIALS.test(name)) return messages.noCredentials;
  if (EXPIRED.test(name)) return messages.expired;
  if (NOT_ACCEPTED.test(name)) return messages.notAccepted({ region, reason });
  if (isDenied(error)) return messages.denied({ reason });
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && NOT_REACHED.test(code)) {
    return messages.notReached({ where: whereOf(region), code });
  }
  // The SDK's word for an answer without an error code, such as that of an emulator without the API.
  if (reason === 'UnknownError') {
    return messages.unknownAnswer({ where: whereOf(region), status: statusOf(error) });
  }
  return textOf(error);
}

/** AWS, or the endpoint that takes its place. */
function whereOf(region: string): Words {
  return process.env.AWS_ENDPOINT_URL ?? messages.awsIn({ region });
}

function statusOf(error: Error): string {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return '?';
  return 'httpStatusCode' in error.$metadata ? String(error.$metadata.httpStatusCode) : '?';
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** Prints an error that nothing handled, and ends the process. Prints one line; with DEBUG=1 the whole error. */
export function fail(error: unknown, line = textOf(error)): never {
  console.error(process.env.DEBUG ? error : line[languageOf()]);
  process.exit(1);
}
