/** One line that says what to do, for what goes wrong between here and AWS. */
export function explain(error: unknown, environmentId: string, region: string): string {
  if (!(error instanceof Error)) return String(error);
  const context = `-c environment=${environmentId}`;
  if (/Stack with id \S+ does not exist/.test(error.message)) {
    const stack = /Stack with id (\S+)/.exec(error.message)?.[1];
    return `Stack ${stack} is not deployed in ${region}. Deploy it (npx cdk deploy --all ${context}), or give another --region.`;
  }
  if (/CredentialsProviderError/.test(error.name)) {
    return `No AWS credentials were found. Sign in (aws sso login, AWS_PROFILE=…) and try again.`;
  }
  if (/ExpiredToken|TokenRefreshRequired/.test(error.name)) return 'The AWS credentials have expired. Sign in again.';
  if (/UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure/.test(error.name)) {
    return `AWS does not accept these credentials in ${region}: ${error.message}`;
  }
  if (/AccessDenied/.test(error.name)) return `These credentials may not do that: ${error.message}`;
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(code)) {
    const where = process.env.AWS_ENDPOINT_URL ?? `AWS in ${region}`;
    return `${where} cannot be reached (${code}). Check the network, --region and AWS_ENDPOINT_URL.`;
  }
  return error.message;
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** Ends the process for an error that reached the top: one line, or with DEBUG=1 all of it. */
export function fail(error: unknown, line = error instanceof Error ? error.message : String(error)): never {
  console.error(process.env.DEBUG ? error : line);
  process.exit(1);
}
