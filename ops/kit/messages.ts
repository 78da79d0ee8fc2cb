import { message } from './language';

/** Texts of all commands that come from this folder. */
export const messages = {
  // Flags
  flags: message({ en: 'Flags:', ja: 'フラグ：' }),
  langFlag: message({
    en: 'language of the output; without it that of LC_ALL, LC_MESSAGES or LANG',
    ja: '出力の言語。省略時は LC_ALL、LC_MESSAGES、LANG に従う',
  }),
  helpFlag: message({ en: 'prints this text', ja: 'このヘルプを表示する' }),
  seeHelp: message({ en: 'See the flags: {command} -- --help', ja: 'フラグの一覧：{command} -- --help' }),
  unknownFlag: message({ en: '{flag} is not a known flag. {hint}', ja: '{flag} というフラグはありません。{hint}' }),
  badRegion: message({
    en: '{flag}: must be the name of an AWS region, got "{value}". Write {flag} us-east-1, for example.',
    ja: '{flag}：AWS のリージョン名を指定してください（指定された値："{value}"）。例：{flag} ap-northeast-1',
  }),
  missingValue: message({ en: '{flag} needs a value. {hint}', ja: '{flag} には値が必要です。{hint}' }),
  noValue: message({ en: '{flag} takes no value. {hint}', ja: '{flag} に値は指定できません。{hint}' }),
  givenTwice: message({
    en: '{flag} is given twice. Give it once.',
    ja: '{flag} が 2 回指定されています。1 回だけ指定してください。',
  }),
  contradiction: message({
    en: '{first} and {second} contradict each other. Give one of them.',
    ja: '{first} と {second} が矛盾しています。どちらか一方だけを指定してください。',
  }),
  noFlag: message({ en: '"{argument}" is not a flag. {hint}', ja: '"{argument}" はフラグではありません。{hint}' }),
  badLanguage: message({
    en: '--lang: must be en or ja, got "{value}".',
    ja: '--lang：en または ja を指定してください（指定された値："{value}"）。',
  }),
  badAssignment: message({
    en: '-c: must be key=value, got "{assignment}". Write -c capacity=ec2, for example.',
    ja: '-c：key=value の形で指定してください（指定された値："{assignment}"）。例：-c capacity=ec2',
  }),
  missingEnvironment: message({ en: '--environment is missing. {hint}', ja: '--environment がありません。{hint}' }),
  unknownEnvironment: message({
    en: '--environment: "{name}" is not known. Give one of {known}: --environment sandbox',
    ja: '--environment："{name}" という環境はありません。{known} のいずれかを指定してください。例：--environment sandbox',
  }),

  // Requests to AWS
  notDeployed: message({
    en: 'Stack {stack} is not deployed in {region}. Deploy it (npx cdk deploy --all {context}), or name its region with {flag}.',
    ja: 'スタック {stack} は {region} にデプロイされていません。デプロイするか（npx cdk deploy --all {context}）、{flag} でリージョンを指定してください。',
  }),
  noCredentials: message({
    en: 'No AWS credentials were found. Sign in (aws sso login, AWS_PROFILE=…) and try again.',
    ja: 'AWS の認証情報が見つかりません。サインインしてから（aws sso login、AWS_PROFILE=… など）再実行してください。',
  }),
  noCredentialsOfProfile: message({
    en: 'No AWS credentials were found for the profile {profile} (AWS_PROFILE). Sign in (aws sso login), or set AWS_PROFILE to one of aws configure list-profiles, and try again.',
    ja: 'プロファイル {profile}（AWS_PROFILE）の認証情報が見つかりません。サインインするか（aws sso login）、AWS_PROFILE に aws configure list-profiles のいずれかを設定してから再実行してください。',
  }),
  expired: message({
    en: 'The AWS credentials have expired. Sign in again.',
    ja: 'AWS の認証情報の有効期限が切れています。サインインし直してください。',
  }),
  notAccepted: message({
    en: 'AWS does not accept these credentials in {region}: {reason}',
    ja: 'この認証情報は {region} の AWS で拒否されました：{reason}',
  }),
  denied: message({
    en: 'These credentials do not allow that: {reason}',
    ja: 'この認証情報では許可されていない操作です：{reason}',
  }),
  awsIn: message({ en: 'AWS in {region}', ja: '{region} の AWS' }),
  unknownAnswer: message({
    en: '{where} does not know the request (HTTP {status})',
    ja: '{where} はこのリクエストに対応していません（HTTP {status}）',
  }),
  stillAsking: message({
    en: 'Still asking AWS after {seconds} s. A request that AWS throttles or does not answer is repeated.',
    ja: 'AWS に問い合わせ中です（{seconds} 秒経過）。スロットリングや応答なしの場合は再試行しています。',
  }),
  service: message({ en: '{service} ({where})', ja: '{service}（{where}）' }),
  throttled: message({
    en: 'Too many requests: {where} throttles this account ({reason}), also after several attempts. Wait a minute and run the same command again.',
    ja: 'リクエストが多すぎます。再試行しましたが、{where} のスロットリングが続いています（{reason}）。1 分ほど待ってから、同じコマンドをもう一度実行してください。',
  }),
  serverError: message({
    en: '{where} has a failure of its own ({answer}). Wait a minute and run the same command again.',
    ja: '{where} の側で障害が発生しています（{answer}）。1 分ほど待ってから、同じコマンドをもう一度実行してください。',
  }),
  dropped: message({
    en: 'The connection to {where} ended before the answer ({code}). Check the network or the proxy, and run the same command again.',
    ja: '応答の前に {where} との接続が切れました（{code}）。ネットワークまたはプロキシを確認し、同じコマンドをもう一度実行してください。',
  }),
  otherForm: message({
    en: '{where} did not answer as AWS does (HTTP {status}). Check the proxy of this network and AWS_ENDPOINT_URL, and run the same command again.',
    ja: '{where} から AWS の形式ではない応答がありました（HTTP {status}）。ネットワークのプロキシと AWS_ENDPOINT_URL を確認し、同じコマンドをもう一度実行してください。',
  }),
  badEndpoint: message({
    en: 'AWS_ENDPOINT_URL: must be an address such as http://127.0.0.1:4566, got "{endpoint}". Correct it; to reach AWS itself, unset it.',
    ja: 'AWS_ENDPOINT_URL：http://127.0.0.1:4566 のような URL を指定してください（現在の値："{endpoint}"）。AWS に接続する場合は、変数を削除してください。',
  }),
  notReached: message({
    en: '{where} cannot be reached ({code}). Check the network, --region and AWS_ENDPOINT_URL.',
    ja: '{where} に接続できません（{code}）。ネットワーク、--region、AWS_ENDPOINT_URL を確認してください。',
  }),
};
