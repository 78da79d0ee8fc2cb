import { explain } from '../../kit/errors';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

const { AWS_PROFILE } = process.env;
beforeEach(() => {
  delete process.env.AWS_PROFILE;
});
afterAll(() => {
  if (AWS_PROFILE !== undefined) process.env.AWS_PROFILE = AWS_PROFILE;
});

test('names the profile that has no credentials', () => {
  process.env.AWS_PROFILE = 'nope';
  const error = named('CredentialsProviderError', 'Could not load credentials');
  const { en, ja } = explain(error, 'sandbox', 'eu-west-1');
  expect(en).toMatch(/^No AWS credentials were found for the profile nope \(AWS_PROFILE\)\. Sign in/);
  expect(ja).toMatch(/^プロファイル nope（AWS_PROFILE）の認証情報が見つかりません。サインイン/);
});

test.each([
  [
    named('ValidationError', 'Stack with id Kumiki-sandbox-RestApi does not exist'),
    /Kumiki-sandbox-RestApi is not deployed in eu-west-1\. Deploy it \(npx cdk deploy --all -c environment=sandbox\), or name its region with --region/,
  ],
  [named('CredentialsProviderError', 'Could not load credentials'), /No AWS credentials were found\. Sign in/],
  [named('ExpiredTokenException', 'expired'), /have expired\. Sign in again/],
  [
    named('UnrecognizedClientException', 'The security token is invalid'),
    /does not accept these credentials in eu-west-1/,
  ],
  [named('AccessDeniedException', 'not authorized to lambda:Get'), /do not allow that: not authorized to lambda:Get/],
  [named('RequestExpired', 'Request has expired.'), /have expired\. Sign in again/],
  [
    Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: 501 } }),
    /AWS in eu-west-1 does not know the request \(HTTP 501\)/,
  ],
  [Object.assign(new Error('x'), { code: 'ENOTFOUND' }), /AWS in eu-west-1 cannot be reached \(ENOTFOUND\)/],
])('%s becomes one line that says what to do', (error, line) => {
  const { en } = explain(error, 'sandbox', 'eu-west-1');
  expect(en).toMatch(line);
  expect(en).not.toContain('\n');
});
