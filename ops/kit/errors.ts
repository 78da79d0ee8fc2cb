const NO_CREDENTIALS = /CredentialsProviderError/;
const EXPIRED = /ExpiredToken|TokenRefreshRequired/;
const NOT_ACCEPTED = /UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure/;
const NOT_REACHED = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/;

/** Tells whether AWS accepts the credentials but denies the action. EC2 has an error code of its own for this. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|UnauthorizedOperation/.test(error.name);
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

/** One line that says what to do about an error of a request to AWS. */
export function explain(error: unknown, environmentId: string, region: string): string {
  if (!(error instanceof Error)) return String(error);
  const context = `-c environment=${environmentId}`;
  if (/Stack with id \S+ does not exist/.test(error.message)) {
    const stack = /Stack with id (\S+)/.exec(error.message)?.[1];
    return `Stack ${stack} is not deployed in ${region}. Deploy it (npx cdk deploy --all ${context}), or name its region with --region.`;
  }
  if (NO_CREDENTIALS.test(error.name)) {
    return `No AWS credentials were found. Sign in (aws sso login, AWS_PROFILE=…) and try again.`;
  }
  if (EXPIRED.test(error.name)) return 'The AWS credentials have expired. Sign in again.';
  if (NOT_ACCEPTED.test(error.name)) return `AWS does not accept these credentials in ${region}: ${error.message}`;
  if (isDenied(error)) return `These credentials do not allow that: ${error.message}`;
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && NOT_REACHED.test(code)) {
    const where = process.env.AWS_ENDPOINT_URL ?? `AWS in ${region}`;
    return `${where} cannot be reached (${code}). Check the network, --region and AWS_ENDPOINT_URL.`;
  }
  return error.message;
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** Prints an error that nothing handled, and ends the process. Prints one line; with DEBUG=1 the whole error. */
export function fail(error: unknown, line = error instanceof Error ? error.message : String(error)): never {
  console.error(process.env.DEBUG ? error : line);
  process.exit(1);
}
